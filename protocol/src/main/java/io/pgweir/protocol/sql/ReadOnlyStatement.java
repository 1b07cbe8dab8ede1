package io.pgweir.protocol.sql;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;

/**
 * Whether running a statement twice can make no difference, as far as its text tells: one SELECT, VALUES, TABLE or SHOW that
 * locks nothing and calls only functions known to change nothing. Views, operators and casts of the user's may hide others;
 * the text does not show them. Whatever is not understood is not read-only.
 */
public final class ReadOnlyStatement {
    private static final Set<String> BEGINNINGS = Set.of("select", "values", "table", "show");

    /** Words that change or lock something wherever they stand; for a column of that name the answer is no as well. */
    private static final Set<String> CHANGING =
            Set.of("insert", "update", "delete", "merge", "into", "for", "call", "do", "execute", "copy", "lock");

    /** Functions, types and words that may stand before a parenthesis. */
    private static final Set<String> HARMLESS = Set.of((""
                    + "abs age all and any array array_agg array_length array_position array_to_string as asc avg between bigint"
                    + " bool_and bool_or by case cast ceil ceiling char char_length coalesce concat concat_ws count cube date"
                    + " date_bin date_part date_trunc decimal dense_rank desc distinct else every except exists extract filter"
                    + " first_value float floor format from full greatest group grouping having ilike in initcap inner int integer"
                    + " intersect interval is isfinite join json_agg json_array_length json_build_array json_build_object"
                    + " json_object_agg jsonb_agg jsonb_array_length jsonb_build_array jsonb_build_object jsonb_object_agg"
                    + " jsonb_typeof json_typeof lag last_value lateral lead least left length like limit lower lpad ltrim make_date"
                    + " max md5 min mod not now nth_value ntile nullif numeric octet_length offset on or order over overlaps"
                    + " partition percent_rank percentile_cont percentile_disc position power precision quote_ident quote_literal"
                    + " rank repeat replace reverse right rollup round row row_number row_to_json rpad rtrim select sets sign some"
                    + " split_part sqrt starts_with stddev string_agg string_to_array strpos substr substring sum text then time"
                    + " timestamp timestamptz to_char to_date to_json to_jsonb to_number to_timestamp translate trim trunc union"
                    + " unnest upper using uuid values varchar variance when where within")
            .split(" "));

    private ReadOnlyStatement() {}

    /** Exactly one such statement from {@code from} to {@code to}. */
    public static boolean is(ByteBuf sql, int from, int to, boolean standardStrings) {
        RawTokens tokens = new RawTokens(sql);
        tokens.over(sql, from, to, standardStrings);
        boolean first = true;
        boolean ended = false;
        String before = "";
        boolean name = false;
        while (true) {
            RawTokens.Token token = tokens.next();
            if (token == RawTokens.Token.END) {
                return !first && !tokens.isAmbiguous() && tokens.start() >= to;
            }
            if (ended) {
                return false;
            }
            String text = sql.toString(tokens.start(), tokens.end() - tokens.start(), StandardCharsets.UTF_8);
            String word = token == RawTokens.Token.WORD ? text.toLowerCase(Locale.ROOT) : text;
            if (first && !BEGINNINGS.contains(word)) {
                return false;
            }
            if (token == RawTokens.Token.WORD && CHANGING.contains(word)) {
                return false;
            }
            if (tokens.isSymbol('(') && name && !HARMLESS.contains(before)) {
                return false;
            }
            ended = tokens.isSymbol(';');
            name = token == RawTokens.Token.WORD || token == RawTokens.Token.IDENTIFIER;
            // A qualified name is another function, whatever its last part is.
            before = name && before.equals(".") ? "." + word : word;
            first = false;
        }
    }
}
