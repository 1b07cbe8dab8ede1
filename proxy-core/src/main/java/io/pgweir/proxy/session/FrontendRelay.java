package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.sql.SqlScanner;
import io.pgweir.protocol.sql.StatementKind;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.FrameScanner;
import io.pgweir.protocol.wire.FrontendType;
import io.pgweir.protocol.wire.ProtocolViolation;
import io.pgweir.protocol.wire.SqlState;
import io.pgweir.protocol.wire.TransactionStatus;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.ErrorAction;
import io.pgweir.proxy.settings.PoolMode;
import org.jspecify.annotations.Nullable;

/**
 * Judges what a client sends: most of it goes on as it is. On the session's loop.
 *
 * <p>A <i>unit</i> is what PostgreSQL answers with one ReadyForQuery: a Query, a FunctionCall, or extended-protocol
 * messages up to Sync. After an error of our own in the extended protocol the rest of the unit is discarded, as PostgreSQL
 * does ("Extended Query").
 */
final class FrontendRelay implements FrameScanner.Sink {
    /** Replies that may be outstanding for one client; then it is not read until some have come. */
    static final int MOST_OWED = 16 << 10;

    /** A Query is looked at whole up to this length, and by its beginning beyond. */
    private static final int INSPECTED = 16 << 10;

    private final ClientSession session;
    private final ExtendedRelay extended;
    private final LocalAnswers local;
    private final StatementEffects effects;
    private final boolean mapped;
    private final UnitRecord unit = new UnitRecord();
    private @Nullable ByteBuf in;
    private final Refusals refusals;
    private Held held = Held.NO;
    private boolean forwardingRest;
    private boolean unitOpen;

    FrontendRelay(ClientSession session) {
        this.session = session;
        this.mapped = session.mode() != PoolMode.SESSION;
        this.refusals = new Refusals(session);
        this.effects = new StatementEffects(session);
        this.extended = new ExtendedRelay(session, this, effects);
        this.local = new LocalAnswers(session, extended);
    }

    // ---- scanning

    @Override
    public void begin(ByteBuf source) {
        in = source;
        BackendConnection backend = session.backend();
        if (backend != null) {
            backend.toServer().begin(source);
        }
    }

    @Override
    public void end(ByteBuf source) {
        in = null;
        if (unitOpen) {
            unit.cut();
        }
        BackendConnection backend = session.backend();
        if (backend != null) {
            backend.toServer().end();
        }
    }

    @Override
    public int required(byte type, ByteBuf source, int at, int length, int available) {
        if (!FrontendType.isKnown(type) || type == FrontendType.PASSWORD) {
            throw new ProtocolViolation(SqlState.PROTOCOL_VIOLATION, "invalid frontend message type " + (type & 0xff));
        }
        if (length - FrameScanner.HEADER > FrontendType.maxBodyLength(type)) {
            throw new ProtocolViolation(SqlState.PROTOCOL_VIOLATION, "invalid message length");
        }
        switch (type) {
            case FrontendType.QUERY:
                return mapped ? Math.min(length, INSPECTED) : FrameScanner.HEADER;
            case FrontendType.PARSE:
            case FrontendType.BIND:
            case FrontendType.DESCRIBE:
            case FrontendType.CLOSE:
                return mapped ? extended.required(type, source, at, length, available) : FrameScanner.HEADER;
            default:
                return FrameScanner.HEADER;
        }
    }

    @Override
    public void rest(ByteBuf source, int at, int length) {
        BackendConnection backend = session.backend();
        if (forwardingRest && backend != null) {
            backend.toServer().forward(at, length);
        }
    }

    @Override
    public boolean frame(byte type, ByteBuf source, int at, int length, int available) {
        forwardingRest = false;
        if (session.isClosed()) {
            return true;
        }
        if (type == FrontendType.TERMINATE) {
            session.terminate();
            return true;
        }
        if (refusals.takes(type)) {
            unitOpen = false;
            return true;
        }
        if (session.transaction() == ClientTransaction.FAILED) {
            local.inFailedTransaction(type, source, at, length, available);
            return true;
        }
        BackendConnection backend = session.backend();
        if (backend == null) {
            return detached(type, source, at, length, available);
        }
        if (backend.ledger().isSkippingToSync() && type != FrontendType.SYNC) {
            return true;
        }
        if (backend.cancelsInFlight() > 0) {
            held = Held.UNTIL_CANCELED;
            return false;
        }
        if (backend.ledger().size() >= MOST_OWED) {
            held = Held.BY_BOUND;
            return false;
        }
        if (effects.awaitsDrop() && !FrontendType.isCopy(type) && type != FrontendType.FLUSH) {
            if (backend.ledger().size() > 0 && !backend.ledger().isCopyingIn()) {
                held = Held.UNTIL_ANSWERED;
                return false;
            }
            effects.dropKnown();
        }
        return attached(backend, type, source, at, length, available);
    }

    private boolean detached(byte type, ByteBuf source, int at, int length, int available) {
        switch (type) {
            case FrontendType.SYNC:
                if (length > FrameScanner.HEADER) {
                    break; // malformed, and for PostgreSQL to judge
                }
                unitOpen = false;
                session.ready();
                return true;
            case FrontendType.FLUSH:
            case FrontendType.COPY_DATA:
            case FrontendType.COPY_DONE:
            case FrontendType.COPY_FAIL:
                return true;
            case FrontendType.QUERY:
                if (mapped && available == length && !unitOpen && local.answersQuery(source, at, length)) {
                    extended.queryDestroysUnnamed();
                    return true;
                }
                break;
            case FrontendType.CLOSE:
            case FrontendType.BIND:
                if (mapped && extended.answersDetached(type, source, at, length, available)) {
                    return true;
                }
                break;
            default:
                break;
        }
        if (!session.acquire()) {
            if (!refusals.isPending()) {
                return false;
            }
            unitOpen = false;
            return refusals.takes(type);
        }
        BackendConnection backend = session.backend();
        if (backend == null) {
            throw new IllegalStateException("granted without a backend");
        }
        return attached(backend, type, source, at, length, available);
    }

    private boolean attached(BackendConnection backend, byte type, ByteBuf source, int at, int length, int available) {
        switch (type) {
            case FrontendType.QUERY:
                return query(backend, source, at, length, available);
            case FrontendType.PARSE:
                if (mapped && isForbiddenBegin(ExtendedRelay.kindOfParse(source, at, available))) {
                    return refuseBegin(backend, type);
                }
                if (mapped && !unitOpen && backend.ledger().size() > 0 && extended.isNameTaken(source, at, available)) {
                    // By a Parse that may yet fail.
                    held = Held.UNTIL_ANSWERED;
                    return false;
                }
                beginUnit(backend);
                unitOpen = true;
                extended.message(backend, type, source, at, length, available);
                return true;
            case FrontendType.BIND:
            case FrontendType.DESCRIBE:
                record(backend, type, source, at);
                beginUnit(backend);
                unitOpen = true;
                extended.message(backend, type, source, at, length, available);
                return true;
            case FrontendType.CLOSE:
            case FrontendType.EXECUTE:
                beginUnit(backend);
                unitOpen = true;
                extended.message(backend, type, source, at, length, available);
                return true;
            case FrontendType.SYNC:
                if (!backend.ledger().isCopyingIn()) {
                    forward(backend, at, available);
                    backend.ledger().expectSync();
                    unitOpen = false;
                    effects.unitSent();
                    if (in == source) {
                        unit.complete(source, at + length);
                    }
                }
                return true;
            case FrontendType.FUNCTION_CALL:
                beginUnit(backend);
                forward(backend, at, available);
                backend.ledger().expectFunction();
                return true;
            case FrontendType.COPY_DONE:
            case FrontendType.COPY_FAIL:
                forward(backend, at, available);
                backend.ledger().copyEnd();
                return true;
            default:
                forward(backend, at, available);
                return true;
        }
    }

    private void record(BackendConnection backend, byte type, ByteBuf source, int at) {
        if (in != source) {
            return; // a replay
        }
        if (!unitOpen
                && session.toldStatus() == TransactionStatus.IDLE
                && backend.ledger().unansweredUnits() == 0) {
            unit.begin(at);
        }
        if (type == FrontendType.DESCRIBE) {
            unit.describes();
        }
    }

    private boolean query(BackendConnection backend, ByteBuf source, int at, int length, int available) {
        if (mapped) {
            int from = at + FrameScanner.HEADER;
            int to = Math.min(at + length - 1, at + available);
            StatementKind kind = SqlScanner.classify(source, from, to);
            if (isForbiddenBegin(kind)) {
                return refuseBegin(backend, FrontendType.QUERY);
            }
            if (kind == StatementKind.DEALLOCATE
                    && available == length
                    && !unitOpen
                    && backend.status() != TransactionStatus.FAILED) {
                String own = extended.deallocateTarget(source, from, to);
                if (own != null && backend.ledger().size() > 0) {
                    held = Held.UNTIL_ANSWERED;
                    return false;
                }
                if (own != null) {
                    extended.forget(own);
                    extended.queryDestroysUnnamed();
                    session.completed(backend, "DEALLOCATE");
                    return true;
                }
            }
            beginUnit(backend);
            effects.note(kind, source, from, to);
            extended.queryDestroysUnnamed();
            backend.unnamed(null, 0);
            effects.unitSent();
        } else {
            beginUnit(backend);
        }
        forward(backend, at, available);
        backend.ledger().expectQuery();
        unitOpen = false;
        return true;
    }

    private boolean isForbiddenBegin(StatementKind kind) {
        return session.mode() == PoolMode.STATEMENT && kind == StatementKind.BEGIN;
    }

    /** Statement mode: BEGIN is refused in its turn, which is when nothing is owed. */
    private boolean refuseBegin(BackendConnection backend, byte type) {
        if (unitOpen) {
            session.closeWith(ClientError.TRANSACTION_IN_STATEMENT_MODE.with());
        } else if (backend.ledger().size() > 0) {
            held = Held.UNTIL_RELEASED;
            return false;
        } else {
            fail(ClientError.TRANSACTION_IN_STATEMENT_MODE.with(), type);
        }
        return true;
    }

    /** Starts the clock when nothing else of the client's is under way. */
    private void beginUnit(BackendConnection backend) {
        if (!unitOpen && !backend.ledger().owesClient()) {
            session.lease().requestBegins();
        }
    }

    void forward(BackendConnection backend, int at, int available) {
        backend.toServer().forward(at, available);
        forwardingRest = true;
    }

    // ---- events

    void attached(BackendConnection backend) {
        if (in != null) {
            backend.toServer().begin(in);
        }
    }

    void released() {
        extended.released();
        unit.forget();
        effects.released();
    }

    void readyForQuery() {
        effects.readyForQuery();
        unit.forget();
        BackendConnection backend = session.backend();
        if (backend == null || backend.ledger().size() == 0) {
            extended.unitEnded();
        }
    }

    /** The message that asked for a backend gets {@code error}. */
    void refuse(ErrorFields error) {
        refusals.refuse(error);
    }

    /** Sends {@code error} in answer to a message of this type. */
    void fail(ErrorFields error, byte type) {
        refusals.fail(error, type);
        unitOpen = false;
    }

    /** The backend is gone: its replies become {@code error}, now or with the client's next statement. */
    void backendLost(BackendConnection lost, ErrorFields error) {
        boolean told = refusals.answerFor(lost, error, unitOpen);
        unitOpen = false;
        if (!told && session.transaction() == ClientTransaction.FAILED) {
            local.errorForNextStatement(error);
        }
    }

    ErrorAction errorForClient(BackendConnection backend, ErrorFields error) {
        if (!mapped) {
            return ErrorAction.FORWARD;
        }
        // Only the unit sent last can be repeated behind nothing else, and only if the client has seen nothing of it.
        boolean repeatable = backend.ledger().unansweredUnits() == 1 && !unitOpen && !backend.isUnitAnswered();
        return extended.errorForClient(backend, error, repeatable ? unit : null);
    }

    /** Sends the last unit again, as if the client had. */
    void replay(BackendConnection backend) {
        ByteBuf messages = unit.take();
        try {
            backend.toServer().begin(messages);
            int at = messages.readerIndex();
            while (at < messages.writerIndex()) {
                int length = messages.getInt(at + 1) + 1;
                attached(backend, messages.getByte(at), messages, at, length, length);
                at += length;
            }
            backend.toServer().end();
        } finally {
            messages.release();
        }
    }

    void commandCompleted(CommandTags.Effect effect) {
        effects.completed(effect, extended);
    }

    // ---- state the session asks for

    boolean isUnitOpen() {
        return unitOpen;
    }

    boolean isCommitting() {
        return effects.isCommitting();
    }

    boolean holdsBackend() {
        return extended.holdsBackend();
    }

    Held held() {
        return held;
    }

    /** The next statement of the client, in its failed transaction, is told why it failed. */
    void errorForNextStatement(ErrorFields error) {
        local.errorForNextStatement(error);
    }

    void notHeld() {
        held = Held.NO;
    }
}
