package io.pgweir.protocol.sql;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What is known about a word in front of a parenthesis: a function of PostgreSQL's that touches the session, one that does
 * not, or no function at all. Found by length and first letter, without allocation.
 */
final class FunctionNames {
    /** Not in the table: a function of the user's or of an extension, or a rare one. */
    static final int UNKNOWN = -1;

    /** {@link #lookUp} gives this for set_config, whose arguments say what it does. */
    static final int SET_CONFIG = -2;

    private static final int LONGEST = 28;
    private static final Name[] NONE = {};
    private static final Name[][] BY_LETTER_AND_LENGTH = new Name[26 * (LONGEST + 1)][];

    /**
     * Common functions and types of PostgreSQL's, and words that may stand before a parenthesis. Not in it, although they
     * are that too: names that somebody may well give a function of his own (log, format, set), unless most queries have
     * them.
     */
    private static final String HARMLESS =
            "abs acos all analyze and any array array_agg array_append array_length array_position array_remove"
                    + " array_replace array_to_json array_to_string as asc ascii asin atan atan2 avg between bigint bit"
                    + " bit_length bool_and bool_or brin btree btrim by cardinality case cast cbrt ceil ceiling char"
                    + " char_length character character_length check chr clock_timestamp coalesce col_description collate"
                    + " concat concat_ws conflict constraint corr cos count covar_pop create cume_dist current_database"
                    + " current_date current_schema current_schemas current_setting current_time current_timestamp"
                    + " current_user date_bin date_part date_trunc dec decimal default dense_rank desc distinct div do else"
                    + " every except exists exp extract fetch filter first_value float floor foreign format_type from"
                    + " from_hex gcd gen_random_uuid generate_series generate_subscripts gin gist greatest group grouping"
                    + " has_table_privilege having ilike in initcap int integer intersect interval into isfinite join json"
                    + " json_agg json_array_elements json_array_length json_build_array json_build_object json_each"
                    + " json_object json_object_agg json_to_record json_to_recordset json_typeof jsonb jsonb_agg"
                    + " jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array"
                    + " jsonb_build_object jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text"
                    + " jsonb_insert jsonb_object_agg jsonb_object_keys jsonb_path_exists jsonb_path_query"
                    + " jsonb_populate_record jsonb_pretty jsonb_set jsonb_strip_nulls jsonb_to_record jsonb_to_recordset"
                    + " jsonb_typeof json_each_text json_object_keys json_populate_record json_strip_nulls to_jsonb to_json"
                    + " row_to_json jsonb_exists jsonb_array lag last_value lateral lead least left length like limit ln"
                    + " localtime localtimestamp lower lpad ltrim make_date make_interval make_time make_timestamp"
                    + " make_timestamptz materialized max md5 min mod nchar not now nth_value ntile nullif numeric"
                    + " obj_description octet_length offset on only operator or order over overlaps overlay partition"
                    + " percent_rank percentile_cont percentile_disc pg_advisory_xact_lock pg_advisory_xact_lock_shared"
                    + " pg_backend_pid pg_blocking_pids pg_cancel_backend pg_column_size pg_database_size"
                    + " pg_encoding_to_char pg_get_constraintdef pg_get_expr pg_get_function_arguments"
                    + " pg_get_function_result pg_get_functiondef pg_get_indexdef pg_get_keywords pg_get_serial_sequence"
                    + " pg_get_triggerdef pg_get_userbyid pg_get_viewdef pg_indexes_size pg_is_in_recovery"
                    + " pg_listening_channels pg_my_temp_schema pg_notify pg_postmaster_start_time pg_relation_size"
                    + " pg_size_pretty pg_sleep pg_table_is_visible pg_table_size pg_terminate_backend"
                    + " pg_total_relation_size pg_try_advisory_xact_lock pg_type_is_visible pg_typeof position power"
                    + " precision primary quote_ident quote_literal quote_nullable random rank references regexp_count"
                    + " regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table"
                    + " regexp_substr replace returning right round row row_number rpad rtrim select session_user"
                    + " shobj_description sin smallint some split_part sqrt starts_with statement_timestamp stddev"
                    + " stddev_pop stddev_samp string_agg string_to_array strpos substr substring sum tan then time"
                    + " timeofday timestamp timestamptz timetz to_ascii to_char to_date to_hex to_number to_regclass"
                    + " to_timestamp to_tsquery to_tsvector plainto_tsquery phraseto_tsquery websearch_to_tsquery ts_rank"
                    + " ts_rank_cd ts_headline setweight transaction_timestamp treat trim trunc txid_current"
                    + " pg_current_xact_id union unique unistr unnest upper user using values var_pop var_samp variance"
                    + " varchar varying when where width_bucket window with without xmlagg xmlelement xmlforest xmlparse";

    static {
        Arrays.fill(BY_LETTER_AND_LENGTH, NONE);
        for (String name : HARMLESS.split(" ")) {
            add(name, 0);
        }
        add("set_config", SET_CONFIG);
        for (String lock : new String[] {"pg_advisory_lock", "pg_try_advisory_lock"}) {
            add(lock, SessionEffect.ADVISORY_LOCK.bit());
            add(lock + "_shared", SessionEffect.ADVISORY_LOCK.bit());
        }
        for (String suffix : new String[] {"", "_shared", "_all"}) {
            add("pg_advisory_unlock" + suffix, SessionEffect.REMOVAL.bit());
        }
        add("nextval", SessionEffect.SEQUENCE_ADVANCE.bit());
        add("setval", SessionEffect.SEQUENCE_ADVANCE.bit());
        add("currval", SessionEffect.SEQUENCE_READ.bit());
        add("lastval", SessionEffect.SEQUENCE_READ.bit());
    }

    private FunctionNames() {}

    private record Name(byte[] text, int effects) {}

    private static int slot(int letter, int length) {
        return (letter - 'a') * (LONGEST + 1) + length;
    }

    private static void add(String name, int effects) {
        byte[] text = name.getBytes(StandardCharsets.US_ASCII);
        int slot = slot(text[0], text.length);
        Name[] others = BY_LETTER_AND_LENGTH[slot];
        Name[] all = Arrays.copyOf(others, others.length + 1);
        all[others.length] = new Name(text, effects);
        BY_LETTER_AND_LENGTH[slot] = all;
    }

    /** A mask of {@link SessionEffect}, {@link #SET_CONFIG} or {@link #UNKNOWN} for the word, in any case. */
    static int lookUp(ByteBuf sql, int start, int end) {
        for (Name name : candidates(end > start ? sql.getByte(start) : 0, end - start)) {
            if (equal(sql, start, name.text)) {
                return name.effects;
            }
        }
        return UNKNOWN;
    }

    /** As {@link #lookUp(ByteBuf, int, int)}. */
    static int lookUp(byte[] sql, int start, int end) {
        for (Name name : candidates(sql[start], end - start)) {
            if (equal(sql, start, name.text)) {
                return name.effects;
            }
        }
        return UNKNOWN;
    }

    /**
     * As {@link #lookUp(ByteBuf, int, int)} for a name in quotes, between which it stands: no keyword, and not PostgreSQL's
     * if it has capitals. Those that touch nothing are not known here, as keywords are among them.
     */
    static int lookUpQuoted(ByteBuf sql, int start, int end) {
        int known = hasCapitals(sql, start, end) ? UNKNOWN : lookUp(sql, start, end);
        return known == 0 ? UNKNOWN : known;
    }

    /** As {@link #lookUpQuoted(ByteBuf, int, int)}. */
    static int lookUpQuoted(byte[] sql, int start, int end) {
        for (int at = start; at < end; at++) {
            if (sql[at] != lower(sql[at])) {
                return UNKNOWN;
            }
        }
        int known = start >= end ? UNKNOWN : lookUp(sql, start, end);
        return known == 0 ? UNKNOWN : known;
    }

    static boolean hasCapitals(ByteBuf sql, int start, int end) {
        for (int at = start; at < end; at++) {
            if (sql.getByte(at) != lower(sql.getByte(at))) {
                return true;
            }
        }
        return false;
    }

    private static Name[] candidates(byte first, int length) {
        int letter = lower(first);
        return letter < 'a' || letter > 'z' || length > LONGEST ? NONE : BY_LETTER_AND_LENGTH[slot(letter, length)];
    }

    /** Whether the bytes from {@code start} are {@code lowerCase}, in any case; as many must be there. */
    static boolean equal(ByteBuf sql, int start, byte[] lowerCase) {
        for (int i = 0; i < lowerCase.length; i++) {
            if (lower(sql.getByte(start + i)) != lowerCase[i]) {
                return false;
            }
        }
        return true;
    }

    /** As {@link #equal(ByteBuf, int, byte[])}. */
    static boolean equal(byte[] sql, int start, byte[] lowerCase) {
        for (int i = 0; i < lowerCase.length; i++) {
            if (lower(sql[start + i]) != lowerCase[i]) {
                return false;
            }
        }
        return true;
    }

    private static byte lower(byte c) {
        return c >= 'A' && c <= 'Z' ? (byte) (c | 0x20) : c;
    }
}
