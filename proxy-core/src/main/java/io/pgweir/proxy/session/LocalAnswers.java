package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.sql.SqlScanner;
import io.pgweir.protocol.sql.StatementKind;
import io.pgweir.protocol.wire.BackendWriter;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.FrameScanner;
import io.pgweir.protocol.wire.FrontendType;
import io.pgweir.protocol.wire.TransactionStatus;
import io.pgweir.proxy.backend.PreparedStatement;
import io.pgweir.proxy.settings.BeginMode;
import io.pgweir.proxy.settings.PoolMode;
import org.jspecify.annotations.Nullable;

/** What is answered without a backend, while the session has none and nothing is owed. */
final class LocalAnswers {
    private final ClientSession session;
    private final ExtendedRelay extended;
    private @Nullable ErrorFields nextError;
    private @Nullable StatementKind ending;

    LocalAnswers(ClientSession session, ExtendedRelay extended) {
        this.session = session;
        this.extended = extended;
    }

    /** True if the Query, complete in {@code in}, has been answered. */
    boolean answersQuery(StatementKind kind, ByteBuf in, int at, int length) {
        int from = at + FrameScanner.HEADER;
        int to = at + length - 1;
        boolean begun = session.transaction() == ClientTransaction.DEFERRED;
        switch (kind) {
            case BEGIN:
                return !begun && begin(in, from, to);
            case SET_TRANSACTION:
                if (begun && session.deferredBegin().hasRoom() && SqlScanner.isDeferrableSetTransaction(in, from, to)) {
                    session.deferredBegin().add(in, from, to - from);
                    complete("SET");
                    return true;
                }
                return false;
            case COMMIT:
                return begun && SqlScanner.isPlainCommit(in, from, to) && end("COMMIT");
            case ROLLBACK:
                if (!begun || !SqlScanner.isPlainRollback(in, from, to)) {
                    return false;
                }
                session.limits().rolledBack();
                return end("ROLLBACK");
            case DEALLOCATE:
                return deallocate(SqlScanner.deallocateTarget(in, from, to), begun);
            case DISCARD:
                if (begun || session.lease().settings().haveChanged() || !SqlScanner.isDiscardAll(in, from, to)) {
                    return false;
                }
                extended.forgetAll();
                session.lease().discarded();
                complete("DISCARD ALL");
                return true;
            default:
                return false;
        }
    }

    private boolean begin(ByteBuf in, int from, int to) {
        if (session.mode() == PoolMode.STATEMENT) {
            fail(ClientError.TRANSACTION_IN_STATEMENT_MODE.with());
            return true;
        }
        if (session.pool().settings().begin() != BeginMode.DEFER || !SqlScanner.isDeferrableBegin(in, from, to)) {
            return false;
        }
        session.transaction(ClientTransaction.DEFERRED);
        session.deferredBegin().add(in, from, to - from);
        complete(SqlScanner.isStartTransaction(in, from, to) ? "START TRANSACTION" : "BEGIN");
        return true;
    }

    private boolean end(String tag) {
        session.transaction(ClientTransaction.NONE);
        complete(tag);
        return true;
    }

    /** An unknown one in a transaction is PostgreSQL's to refuse, so that the transaction fails as it should. */
    private boolean deallocate(@Nullable String target, boolean begun) {
        if (target == null) {
            return false;
        }
        if (target.equals(SqlScanner.ALL)) {
            extended.forgetAll();
            complete("DEALLOCATE ALL");
        } else if (extended.names.forget(target)) {
            complete("DEALLOCATE");
        } else if (begun) {
            return false;
        } else {
            fail(ClientError.UNKNOWN_STATEMENT.with(target));
        }
        return true;
    }

    private void complete(String tag) {
        BackendWriter.commandComplete(session.toClient().append(), tag);
        session.ready();
    }

    private void fail(ErrorFields error) {
        session.send(error);
        session.ready();
    }

    // ---- a failed transaction that no backend knows of

    /** The first statement in the failed transaction is told why it failed, be it COMMIT. */
    void errorForNextStatement(ErrorFields error) {
        nextError = error;
    }

    /** Only the end of the transaction is accepted. */
    void inFailedTransaction(byte type, ByteBuf in, int at, int length, int available) {
        switch (type) {
            case FrontendType.QUERY -> {
                StatementKind end = available < length ? null : endOf(in, at + FrameScanner.HEADER, at + length - 1);
                if (end != null && endFailed(end, type)) {
                    session.ready();
                } else if (end == null) {
                    refuse(type);
                }
            }
            case FrontendType.SYNC -> {
                ending = null;
                session.ready();
            }
            case FrontendType.FLUSH, FrontendType.COPY_DATA, FrontendType.COPY_DONE, FrontendType.COPY_FAIL -> {}
            default -> extendedEnd(type, in, at, length, available);
        }
    }

    /** ROLLBACK or COMMIT as Parse, Bind, Describe, Execute. */
    private void extendedEnd(byte type, ByteBuf in, int at, int length, int available) {
        int name = at + FrameScanner.HEADER;
        if (type == FrontendType.PARSE && available == length) {
            ending = parsedEnd(in, name, at + length);
            if (ending != null) {
                BackendWriter.parseComplete(session.toClient().append());
                session.replied();
                return;
            }
        } else if (type == FrontendType.BIND) {
            if (ending == null) {
                ending = boundEnd(in, name, available);
            }
            if (ending != null) {
                BackendWriter.bindComplete(session.toClient().append());
                session.replied();
                return;
            }
        } else if (type == FrontendType.DESCRIBE && ending != null) {
            if (in.getByte(name) == 'S') {
                BackendWriter.parameterDescription(session.toClient().append());
            }
            BackendWriter.noData(session.toClient().append());
            session.replied();
            return;
        } else if (type == FrontendType.CLOSE) {
            BackendWriter.closeComplete(session.toClient().append());
            session.replied();
            return;
        } else if (type == FrontendType.EXECUTE && ending != null) {
            StatementKind end = ending;
            ending = null;
            endFailed(end, type);
            return;
        }
        ending = null;
        refuse(type);
    }

    /** How the statement ends the transaction, or null. A name, if it has one, is the statement's from now on. */
    private @Nullable StatementKind parsedEnd(ByteBuf in, int name, int end) {
        int text = name + in.bytesBefore(name, end - name, (byte) 0) + 1;
        int textLength = text == name ? -1 : in.bytesBefore(text, end - text, (byte) 0);
        StatementKind kind = textLength <= 0 ? null : endOf(in, text, text + textLength);
        return kind != null && (text == name + 1 || extended.names.give(in, name, text - 1, end)) ? kind : null;
    }

    private @Nullable StatementKind boundEnd(ByteBuf in, int portal, int available) {
        int end = portal - FrameScanner.HEADER + available;
        int portalLength = in.bytesBefore(portal, end - portal, (byte) 0);
        int name = portal + portalLength + 1;
        int nameLength = portalLength < 0 ? -1 : in.bytesBefore(name, end - name, (byte) 0);
        PreparedStatement statement = nameLength <= 0 ? null : extended.names.find(in, name, nameLength);
        StatementKind kind = statement == null ? null : statement.kind();
        return kind == StatementKind.ROLLBACK || kind == StatementKind.COMMIT ? kind : null;
    }

    private static @Nullable StatementKind endOf(ByteBuf in, int from, int to) {
        if (SqlScanner.isPlainRollback(in, from, to)) {
            return StatementKind.ROLLBACK;
        }
        return SqlScanner.isPlainCommit(in, from, to) ? StatementKind.COMMIT : null;
    }

    /**
     * The transaction is over. A client that does not know yet that it has failed gets the error with its COMMIT: drivers do
     * not look at the tag ROLLBACK, and would take it for a success. False if so.
     */
    private boolean endFailed(StatementKind end, byte type) {
        session.limits().rolledBack();
        session.transaction(ClientTransaction.NONE);
        if (end == StatementKind.COMMIT && nextError != null && session.toldStatus() != TransactionStatus.FAILED) {
            refuse(type);
            return false;
        }
        nextError = null;
        BackendWriter.commandComplete(session.toClient().append(), "ROLLBACK");
        session.replied();
        return true;
    }

    private void refuse(byte type) {
        ErrorFields error = nextError == null ? ClientError.TRANSACTION_FAILED.with() : nextError;
        nextError = null;
        session.refuse(error, type);
    }
}
