package io.pgweir.protocol.sql;

import static io.pgweir.protocol.sql.SqlLexer.accept;

import io.netty.buffer.ByteBuf;

/** Tells a statement's kind by its first keywords. */
final class StatementClassifier {
    private StatementClassifier() {}

    /** @param start where the statement's first token is, or {@code to} */
    static StatementKind classify(ByteBuf sql, int start, int to) {
        if (start == to) {
            return StatementKind.EMPTY;
        }
        int at = start;
        while (at < to && sql.getByte(at) == '(') {
            at = SqlLexer.skipBlank(sql, at + 1, to);
        }
        Keyword verb = SqlLexer.keyword(sql, at, to);
        if (verb == null) {
            return StatementKind.OTHER;
        }
        return at == start ? kind(verb, sql, SqlLexer.wordEnd(sql, at, to), to) : parenthesized(verb);
    }

    /** Only queries may stand in parentheses. */
    private static StatementKind parenthesized(Keyword verb) {
        return switch (verb) {
            case SELECT -> StatementKind.SELECT;
            case VALUES -> StatementKind.VALUES;
            case WITH -> StatementKind.WITH;
            case TABLE -> StatementKind.TABLE;
            default -> StatementKind.OTHER;
        };
    }

    private static StatementKind kind(Keyword verb, ByteBuf sql, int at, int to) {
        return switch (verb) {
            case SELECT -> StatementKind.SELECT;
            case VALUES -> StatementKind.VALUES;
            case WITH -> StatementKind.WITH;
            case TABLE -> StatementKind.TABLE;
            case SHOW -> StatementKind.SHOW;
            case INSERT -> StatementKind.INSERT;
            case UPDATE -> StatementKind.UPDATE;
            case DELETE -> StatementKind.DELETE;
            case MERGE -> StatementKind.MERGE;
            case BEGIN -> StatementKind.BEGIN;
            case START -> then(sql, at, to, Keyword.TRANSACTION, StatementKind.BEGIN, StatementKind.OTHER);
            case END -> StatementKind.COMMIT;
            case COMMIT -> then(sql, at, to, Keyword.PREPARED, StatementKind.COMMIT_PREPARED, StatementKind.COMMIT);
            case ABORT -> StatementKind.ROLLBACK;
            case ROLLBACK -> rollback(sql, at, to);
            case SAVEPOINT -> StatementKind.SAVEPOINT;
            case RELEASE -> StatementKind.RELEASE;
            case PREPARE -> prepare(sql, at, to);
            case SET -> set(sql, at, to);
            case RESET -> StatementKind.RESET;
            case DEALLOCATE -> StatementKind.DEALLOCATE;
            case DISCARD -> StatementKind.DISCARD;
            case EXECUTE -> StatementKind.EXECUTE;
            case DECLARE -> StatementKind.DECLARE;
            case FETCH -> StatementKind.FETCH;
            case CLOSE -> StatementKind.CLOSE;
            case LISTEN -> StatementKind.LISTEN;
            case UNLISTEN -> StatementKind.UNLISTEN;
            case NOTIFY -> StatementKind.NOTIFY;
            case COPY -> StatementKind.COPY;
            case CREATE -> create(sql, at, to);
            case DROP -> StatementKind.DROP;
            case ALTER -> StatementKind.ALTER;
            case TRUNCATE -> StatementKind.TRUNCATE;
            case VACUUM -> StatementKind.VACUUM;
            case ANALYZE, ANALYSE -> StatementKind.ANALYZE;
            case EXPLAIN -> StatementKind.EXPLAIN;
            case CALL -> StatementKind.CALL;
            case DO -> StatementKind.DO;
            case LOAD -> StatementKind.LOAD;
            case LOCK -> StatementKind.LOCK;
            default -> StatementKind.OTHER;
        };
    }

    private static StatementKind then(
            ByteBuf sql, int at, int to, Keyword next, StatementKind ifNext, StatementKind otherwise) {
        return accept(sql, at, to, next) >= 0 ? ifNext : otherwise;
    }

    /** A statement may be named "transaction" too; the transaction's name is a string. */
    private static StatementKind prepare(ByteBuf sql, int at, int to) {
        int transaction = accept(sql, at, to, Keyword.TRANSACTION);
        boolean named = accept(sql, transaction, to, '(') >= 0 || accept(sql, transaction, to, Keyword.AS) >= 0;
        return transaction >= 0 && !named ? StatementKind.PREPARE_TRANSACTION : StatementKind.PREPARE;
    }

    private static StatementKind rollback(ByteBuf sql, int at, int to) {
        if (accept(sql, at, to, Keyword.PREPARED) >= 0) {
            return StatementKind.ROLLBACK_PREPARED;
        }
        int verb = TransactionModes.skipNoise(sql, at, to);
        return then(sql, verb, to, Keyword.TO, StatementKind.ROLLBACK_TO, StatementKind.ROLLBACK);
    }

    private static StatementKind create(ByteBuf sql, int at, int to) {
        int replace = accept(sql, accept(sql, at, to, Keyword.OR), to, Keyword.REPLACE);
        int head = replace >= 0 ? replace : at;
        int scope = accept(sql, head, to, Keyword.LOCAL, Keyword.GLOBAL);
        boolean temporary = accept(sql, scope >= 0 ? scope : head, to, Keyword.TEMP, Keyword.TEMPORARY) >= 0;
        return temporary ? StatementKind.CREATE_TEMP : StatementKind.CREATE;
    }

    /** The words LOCAL, SESSION and TRANSACTION can be parameter names too: then an assignment follows. */
    private static StatementKind set(ByteBuf sql, int at, int to) {
        int scope = accept(sql, at, to, Keyword.LOCAL, Keyword.SESSION);
        boolean scoped = scope >= 0 && !SettingReader.isAssignment(sql, scope, to);
        int transaction = accept(sql, scoped ? scope : at, to, Keyword.TRANSACTION);
        if (transaction >= 0 && !SettingReader.isAssignment(sql, transaction, to)) {
            return StatementKind.SET_TRANSACTION;
        }
        boolean local = scoped && accept(sql, at, to, Keyword.LOCAL) >= 0;
        return local ? StatementKind.SET_LOCAL : StatementKind.SET;
    }
}
