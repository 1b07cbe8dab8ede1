package io.pgweir.protocol.sql;

import static io.pgweir.protocol.sql.SqlLexer.accept;
import static io.pgweir.protocol.sql.SqlLexer.skipBlank;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Finds {@link SessionEffect}s anywhere in a text, in each of its statements; to be used again, by one thread. Nothing in comments, strings and the bodies
 * of functions counts. What it cannot decide it reports: a report too many costs a query, one too few another client's state.
 */
public final class SessionEffectReader {
    /** What calls of functions may do that are not known. */
    static final int UNKNOWN_FUNCTION = SessionEffect.FUNCTION.bit() | SessionEffect.SEQUENCE_ADVANCE.bit();

    /** What text may do that has not been looked at. */
    private static final int UNSEEN =
            SessionEffect.PERHAPS_TEMPORARY.bit() | SessionEffect.SEQUENCE_ADVANCE.bit() | SessionEffect.CODE.bit();

    private static final byte[] PG_TEMP = "pg_temp".getBytes(StandardCharsets.US_ASCII);
    static final byte[] PG_CATALOG = "pg_catalog".getBytes(StandardCharsets.US_ASCII);

    /** Arguments of set_config are looked at up to this length, so that a scan takes linear time whatever the text. */
    private static final int LONGEST_CALL = 4096;

    /** Longer text is read where it lies. */
    private static final int LONGEST_COPY = 16 << 10;

    private static final int SMALLEST_COPY = 1024;

    /** Effects that the first word of a statement has by itself. */
    private static final int[] OF_VERB = new int[Keyword.values().length];

    static {
        of(SessionEffect.PERHAPS_TEMPORARY, Keyword.CREATE);
        of(SessionEffect.LISTEN, Keyword.LISTEN);
        of(SessionEffect.LIBRARY, Keyword.LOAD);
        of(SessionEffect.CODE, Keyword.CALL, Keyword.DO, Keyword.EXECUTE);
        of(SessionEffect.RESET, Keyword.RESET);
        of(
                SessionEffect.REMOVAL,
                Keyword.DROP,
                Keyword.CLOSE,
                Keyword.DEALLOCATE,
                Keyword.DISCARD,
                Keyword.UNLISTEN,
                Keyword.RESET);
        of(SessionEffect.SEQUENCE_ADVANCE, Keyword.COPY, Keyword.MERGE, Keyword.CALL, Keyword.DO, Keyword.EXECUTE);
    }

    private byte[] copy = {};
    private ByteBuf sql = Unpooled.EMPTY_BUFFER;
    private int to;
    private boolean standardStrings;
    private @Nullable Set<String> customNames;
    private @Nullable Set<String> resetNames;
    private int effects;

    private static void of(SessionEffect effect, Keyword... verbs) {
        for (Keyword verb : verbs) {
            OF_VERB[verb.ordinal()] |= effect.bit();
        }
    }

    /**
     * A mask of the effects of all statements.
     *
     * @param cut whether {@code end} is not the end of the text
     */
    public int read(ByteBuf text, int from, int end, boolean cut, boolean standard) {
        int plain = plain(text, from, end, standard);
        int found = plain == PlainEffects.NOT_PLAIN ? read(text, from, end, standard, null) : plain;
        return found | (cut ? UNSEEN : 0);
    }

    private int plain(ByteBuf text, int from, int end, boolean standard) {
        int length = end - from;
        if (text.hasArray()) {
            int offset = text.arrayOffset();
            return PlainEffects.read(text.array(), offset + from, offset + end, standard);
        }
        if (length <= 0 || length > LONGEST_COPY) {
            return length <= 0 ? 0 : PlainEffects.NOT_PLAIN;
        }
        if (copy.length < length) {
            copy = new byte[Math.max(SMALLEST_COPY, Integer.highestOneBit(length - 1) << 1)];
        }
        text.getBytes(from, copy, 0, length);
        return PlainEffects.read(copy, 0, length, standard);
    }

    /** Gives every setting that is reset and not set again by the text, {@code all} for RESET ALL. */
    static Set<String> resets(ByteBuf text, int from, int end, boolean standard) {
        Set<String> names = new TreeSet<>();
        SessionEffectReader reader = new SessionEffectReader();
        reader.resetNames = names;
        reader.read(text, from, end, standard, null);
        return names;
    }

    /** @param names gets every name with a dot that is set, if it is not null */
    int read(ByteBuf text, int from, int end, boolean standard, @Nullable Set<String> names) {
        sql = text;
        to = end;
        standardStrings = standard;
        customNames = names;
        effects = 0;
        int at = skipBlank(sql, from, to);
        while (at < to) {
            at = sql.getByte(at) == ';' ? skipBlank(sql, at + 1, to) : statement(at);
        }
        sql = Unpooled.EMPTY_BUFFER;
        return effects;
    }

    /** @return where the next statement starts, or {@code to} */
    private int statement(int start) {
        Keyword verb = SqlLexer.keyword(sql, start, to);
        effects |= verb == null ? 0 : OF_VERB[verb.ordinal()];
        if (verb == Keyword.SET || verb == Keyword.RESET) {
            return setting(start);
        }
        if (verb == Keyword.CREATE || verb == Keyword.PREPARE) {
            StatementKind kind = StatementClassifier.classify(sql, start, to);
            if (kind == StatementKind.CREATE_TEMP) {
                effects |= SessionEffect.TEMPORARY_OBJECT.bit();
            } else if (kind == StatementKind.PREPARE) {
                effects |= SessionEffect.PREPARED_STATEMENT.bit();
            }
        }
        return words(start, verb);
    }

    private int words(int start, @Nullable Keyword verb) {
        boolean definition = verb == Keyword.CREATE || verb == Keyword.ALTER || verb == Keyword.DROP;
        boolean runsOther = definition || verb == Keyword.EXPLAIN;
        int parentheses = 0;
        byte previous = 0;
        boolean catalog = false;
        Keyword previousWord = null;
        int at = start;
        while (at < to) {
            byte c = sql.getByte(at);
            if (c == ';' && parentheses <= 0) {
                return at;
            }
            int end = SqlLexer.tokenEnd(sql, at, to, standardStrings);
            int next = skipBlank(sql, end, to);
            Keyword word = null;
            if (SqlLexer.isWordStart(c) || c == '"') {
                if (c != '"' && (next == to || sql.getByte(next) != '.')) {
                    word = previous == '.' ? null : keywordOfInterest(c, at, end, runsOther);
                    if (word != null) {
                        word(word, verb, previousWord, at, next);
                    }
                }
                if (next < to && sql.getByte(next) == '(') {
                    boolean named = namesTable(previousWord) || (definition && namesFunction(previousWord));
                    boolean options = at == start && (verb == Keyword.EXPLAIN || verb == Keyword.VACUUM);
                    call(at, end, next, previous == '.' && !catalog, !named && !options);
                } else if (verb == Keyword.CREATE && next < to && sql.getByte(next) == '.' && isPgTemp(at, end)) {
                    effects |= SessionEffect.TEMPORARY_OBJECT.bit();
                }
            } else if (c == '(') {
                parentheses++;
            } else if (c == ')') {
                parentheses--;
            }
            if ((word == Keyword.INSERT || word == Keyword.MERGE)
                    && previous != 0
                    && previous != '('
                    && previous != ';') {
                word = null; // perhaps the name of a column in front of INTO
            }
            previous = c;
            boolean qualified = c == '.' || (next < to && sql.getByte(next) == '.');
            previousWord = qualified ? previousWord : word;
            catalog = c == '.' ? catalog : qualified && isCatalog(at, end);
            at = next;
        }
        return to;
    }

    /**
     * Few words matter in the middle of a statement, and their first letters tell most others apart.
     *
     * @param runsOther whether the statement may have another one in it
     */
    private @Nullable Keyword keywordOfInterest(byte c, int at, int end, boolean runsOther) {
        switch (c | 0x20) {
            case 'a', 'e', 'h', 'i', 'm', 't', 'w':
                return Keyword.at(sql, at, end);
            case 'c', 'd', 'f', 'p':
                return runsOther ? Keyword.at(sql, at, end) : null;
            default:
                return null;
        }
    }

    private void word(Keyword word, @Nullable Keyword verb, @Nullable Keyword previous, int at, int next) {
        switch (word) {
            case INSERT, MERGE -> effects |= SessionEffect.SEQUENCE_ADVANCE.bit();
            case EXECUTE -> {
                if (verb == Keyword.EXPLAIN || verb == Keyword.CREATE) {
                    effects |= OF_VERB[word.ordinal()];
                }
            }
            case CREATE, DECLARE -> {
                if (verb == Keyword.EXPLAIN) {
                    explained(word, at);
                }
            }
            case HOLD -> {
                if (verb == Keyword.DECLARE && previous == Keyword.WITH) {
                    effects |= SessionEffect.HOLDABLE_CURSOR.bit();
                }
            }
            case INTO -> {
                if (previous != Keyword.INSERT && previous != Keyword.MERGE) {
                    // Without the word too, where search_path begins with pg_temp.
                    effects |= intoTemporary(next)
                            ? SessionEffect.TEMPORARY_OBJECT.bit()
                            : SessionEffect.PERHAPS_TEMPORARY.bit();
                }
            }
            default -> {}
        }
    }

    /** EXPLAIN ANALYZE runs it, CREATE TABLE AS included. */
    private void explained(Keyword verb, int at) {
        effects |= OF_VERB[verb.ordinal()] | SessionEffect.CODE.bit();
        if (StatementClassifier.classify(sql, at, to) == StatementKind.CREATE_TEMP) {
            effects |= SessionEffect.TEMPORARY_OBJECT.bit();
        }
    }

    /** SELECT INTO [LOCAL | GLOBAL] TEMP [TABLE] name; a table may itself be called temp. */
    private boolean intoTemporary(int at) {
        int scope = accept(sql, at, to, Keyword.LOCAL, Keyword.GLOBAL);
        int temporary = accept(sql, scope >= 0 ? scope : at, to, Keyword.TEMP, Keyword.TEMPORARY);
        int name = temporary < 0 ? to : skipBlank(sql, temporary, to);
        boolean named = name < to && (sql.getByte(name) == '"' || SqlLexer.isWordStart(sql.getByte(name)));
        if (named && SqlLexer.keyword(sql, name, to) != Keyword.FROM) {
            return true;
        }
        int token = skipBlank(sql, at, to);
        int end = token < to ? SqlLexer.tokenEnd(sql, token, to, standardStrings) : to;
        return token < to && isPgTemp(token, end) && accept(sql, end, to, '.') >= 0;
    }

    private static boolean namesTable(@Nullable Keyword previous) {
        return previous == Keyword.INTO || previous == Keyword.AS || previous == Keyword.TABLE;
    }

    /** In CREATE, ALTER and DROP. */
    private static boolean namesFunction(@Nullable Keyword previous) {
        return previous == Keyword.FUNCTION || previous == Keyword.PROCEDURE;
    }

    /** Whether it is {@code pg_catalog}: in quotes, capitals make it another name. */
    private boolean isCatalog(int at, int end) {
        int quote = sql.getByte(at) == '"' ? 1 : 0;
        if (end - at != PG_CATALOG.length + 2 * quote || !FunctionNames.equal(sql, at + quote, PG_CATALOG)) {
            return false;
        }
        return quote == 0 || !FunctionNames.hasCapitals(sql, at, end);
    }

    private boolean isPgTemp(int at, int end) {
        int quote = sql.getByte(at) == '"' ? 1 : 0;
        return end - at == PG_TEMP.length + 2 * quote && FunctionNames.equal(sql, at + quote, PG_TEMP);
    }

    /** @param foreign whether the name is that of a schema other than pg_catalog */
    private void call(int at, int end, int parenthesis, boolean foreign, boolean maybeFunction) {
        int known = sql.getByte(at) == '"'
                ? FunctionNames.lookUpQuoted(sql, at + 1, end - 1)
                : FunctionNames.lookUp(sql, at, end);
        if (known == FunctionNames.SET_CONFIG && !foreign) {
            setConfig(parenthesis + 1);
        } else if (known >= 0) {
            effects |= known;
        }
        if (maybeFunction && (foreign || known == FunctionNames.UNKNOWN)) {
            effects |= UNKNOWN_FUNCTION;
        }
    }

    // ---- settings

    private int setting(int start) {
        int end = StatementEnd.find(sql, start, to, standardStrings);
        SettingChange change = SettingReader.read(sql, start, end);
        if (change == null) {
            // Most such PostgreSQL refuses, but not those whose names only it can read.
            effects |= SessionEffect.SETTING.bit()
                    | (isNameUnreadable(start, end) ? SessionEffect.COMPUTED_SETTING : SessionEffect.CODE).bit();
            return end;
        }
        if (change.name().indexOf('.') >= 0) {
            custom(change.name());
        }
        boolean toDefault = change.kind() == SettingChange.Kind.SET && SettingReader.isToDefault(sql, start, end);
        if (toDefault) {
            effects |= SessionEffect.RESET.bit();
        }
        if (resetNames != null && change.kind() == SettingChange.Kind.SET && !toDefault) {
            resetNames.remove(change.name());
        } else if (resetNames != null && (toDefault || change.kind() != SettingChange.Kind.SET_LOCAL)) {
            resetNames.add(change.name());
        }
        return end;
    }

    /** Whether there may be a name in the U& form, or one that is not UTF-8. */
    private boolean isNameUnreadable(int start, int end) {
        for (int at = start; at < end; at++) {
            if (sql.getByte(at) == '&' || sql.getByte(at) < 0) {
                return true;
            }
        }
        return false;
    }

    private void custom(String name) {
        effects |= SessionEffect.CUSTOM_SETTING.bit();
        if (customNames != null) {
            customNames.add(name.toLowerCase(Locale.ROOT));
        }
    }

    /** The arguments say whether it is for the session, and of what. */
    private void setConfig(int arguments) {
        int limit = Math.min(to, arguments + LONGEST_CALL);
        int depth = 0;
        int commas = 0;
        int lastArgument = arguments;
        int at = skipBlank(sql, arguments, limit);
        int name = at;
        while (at < limit && depth >= 0) {
            byte c = sql.getByte(at);
            if (c == '(' || c == '[') {
                depth++;
            } else if (c == ')' || c == ']') {
                depth--;
            } else if (c == ',' && depth == 0) {
                commas++;
                lastArgument = at + 1;
            }
            at = skipBlank(sql, SqlLexer.tokenEnd(sql, at, limit, standardStrings), limit);
        }
        String literal = literal(name);
        if (literal == null || literal.indexOf('.') < 0) {
            effects |= SessionEffect.PLAIN_SETTING.bit();
        }
        int isTrue = accept(sql, lastArgument, limit, Keyword.TRUE);
        if (commas == 2 && accept(sql, isTrue, limit, ')') >= 0) {
            return; // until the transaction ends
        }
        if (literal == null) {
            effects |= SessionEffect.COMPUTED_SETTING.bit();
        } else if (literal.indexOf('.') >= 0) {
            custom(literal);
        }
        effects |= SessionEffect.SETTING.bit();
    }

    /** The plain string that is the whole first argument, or null. */
    private @Nullable String literal(int at) {
        if (at >= to || sql.getByte(at) != '\'') {
            return null;
        }
        int end = SqlLexer.tokenEnd(sql, at, to, standardStrings);
        String text = sql.toString(at + 1, Math.max(0, end - at - 2), StandardCharsets.UTF_8);
        boolean whole = accept(sql, end, to, ',') >= 0 || accept(sql, castEnd(end), to, ',') >= 0;
        return whole && text.indexOf('\'') < 0 && text.indexOf('\\') < 0 ? text : null;
    }

    /** Behind {@code ::text}, if it is there. */
    private int castEnd(int at) {
        int colons = accept(sql, accept(sql, at, to, ':'), to, ':');
        int type = colons < 0 ? to : skipBlank(sql, colons, to);
        return type < to && SqlLexer.isWordStart(sql.getByte(type))
                ? SqlLexer.wordEnd(sql, type, to)
                : SqlLexer.NO_MATCH;
    }
}
