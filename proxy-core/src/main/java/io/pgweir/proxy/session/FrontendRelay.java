package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
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
    static final int INSPECTED = 16 << 10;

    private final ClientSession session;
    private final ExtendedRelay extended;
    private final LocalAnswers local;
    private final StatementEffects effects;
    private final OwnSettingStatements ownSettings;
    private final TransactionRefusal transactionRefusal;
    private final QueryRelay queries;
    private final ListenWatch listens;
    private final boolean mapped;
    private final RepeatableUnit repeatable;
    private final UnitRecord unit = new UnitRecord();
    private @Nullable ByteBuf in;
    private final Refusals refusals;
    private Held held = Held.NO;
    private boolean forwardingRest;
    private boolean unitOpen;
    private final MessageText text = new MessageText();

    FrontendRelay(ClientSession session) {
        this.session = session;
        this.mapped = session.mode() != PoolMode.SESSION;
        this.effects = new StatementEffects(session, this);
        this.extended = new ExtendedRelay(session, this, effects);
        this.refusals = new Refusals(session, text, extended);
        this.repeatable = new RepeatableUnit(session, unit, extended, effects, this::resend);
        this.listens = new ListenWatch(session);
        this.local = new LocalAnswers(session, extended);
        this.ownSettings = new OwnSettingStatements(session, this);
        this.transactionRefusal = new TransactionRefusal(session, this, extended);
        this.queries = new QueryRelay(session, this, extended, effects, transactionRefusal, listens);
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
                return Math.min(length, INSPECTED);
            case FrontendType.PARSE:
                return mapped ? extended.required(type, source, at, length, available) : Math.min(length, INSPECTED);
            case FrontendType.BIND:
            case FrontendType.DESCRIBE:
            case FrontendType.CLOSE:
                if (mapped) {
                    return extended.required(type, source, at, length, available);
                }
                return isRead() ? Math.min(length, ExtendedRelay.NAMES) : FrameScanner.HEADER;
            case FrontendType.EXECUTE:
                return isRead() ? Math.min(length, ExtendedRelay.NAMES) : FrameScanner.HEADER;
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
        if (refusals.takes(type, source, at, length, available)) {
            unitOpen = false;
            return true;
        }
        if (session.transaction() == ClientTransaction.FAILED) {
            local.inFailedTransaction(type, source, at, length, available);
            return true;
        }
        BackendConnection backend = session.backend();
        if (backend == null) {
            return !session.lease().replay.isWaiting() && detached(type, source, at, length, available);
        }
        if (backend.ledger().isSkippingToSync() && type != FrontendType.SYNC) {
            return true;
        }
        Held why = Held.inFront(backend, session, type, unitOpen);
        if (why != Held.NO) {
            return holdBack(why);
        }
        if (effects.awaitsDrop() && !FrontendType.isCopy(type) && type != FrontendType.FLUSH) {
            if (backend.ledger().size() > 0 && !backend.ledger().isCopyingIn()) {
                return holdBack(Held.UNTIL_ANSWERED);
            }
            effects.dropKnown();
        }
        return attached(backend, type, source, at, length, available);
    }

    private boolean isRead() {
        return ownSettings.isInUse() || session.lease().tenure.executions.isOn();
    }

    private OwnSettingStatements.Outcome ownSetting(
            @Nullable BackendConnection backend, byte type, ByteBuf source, int at, int length, int available) {
        OwnSettingStatements.Outcome outcome = OwnSettingStatements.Outcome.NOT_OURS;
        text.read(type, source, at, length, available, extended);
        if (type == FrontendType.QUERY) {
            if (!text.isBare() || ownSettings.isInUse()) {
                outcome = ownSettings.query(backend, source, at, length, available, text.isSeveral());
            }
        } else if (ownSettings.isInUse() || (type == FrontendType.PARSE && text.mayBeginWithSetting(source))) {
            outcome = ownSettings.extended(backend, type, source, at, length, available);
        }
        if (outcome == OwnSettingStatements.Outcome.NOT_YET) {
            held = Held.UNTIL_ANSWERED;
        }
        return outcome;
    }

    private boolean detached(byte type, ByteBuf source, int at, int length, int available) {
        if (ownSetting(null, type, source, at, length, available) == OwnSettingStatements.Outcome.TAKEN) {
            return true;
        }
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
                if (mapped
                        && available == length
                        && !unitOpen
                        && !text.isBare()
                        && local.answersQuery(text.kind(source), source, at, length)) {
                    extended.queryDestroysUnnamed();
                    return true;
                }
                break;
            case FrontendType.CLOSE:
            case FrontendType.BIND:
                if (mapped && extended.answersDetached(type, source, at, length)) {
                    return true;
                }
                break;
            default:
                break;
        }
        if (listens.holds(type, source, at, length, available) || !session.acquire()) {
            if (!refusals.isPending()) {
                return false;
            }
            unitOpen = false;
            return refusals.takes(type, source, at, length, available);
        }
        BackendConnection backend = session.backend();
        if (backend == null) {
            throw new IllegalStateException("granted without a backend");
        }
        return send(backend, type, source, at, length, available);
    }

    private boolean attached(BackendConnection backend, byte type, ByteBuf source, int at, int length, int available) {
        return switch (ownSetting(backend, type, source, at, length, available)) {
            case NOT_OURS -> send(backend, type, source, at, length, available);
            case TAKEN -> true;
            case NOT_YET -> false;
        };
    }

    private boolean send(BackendConnection backend, byte type, ByteBuf source, int at, int length, int available) {
        if (in == source && !listens.passes(extended, text, type, source)) {
            return false; // a replay has passed already
        }
        switch (type) {
            case FrontendType.QUERY:
                boolean alone = in == source && available == length && !unitOpen;
                boolean sent = queries.send(backend, source, at, length, available);
                if (sent && alone) {
                    repeatable.query(backend, source, at, length);
                }
                return sent;
            case FrontendType.PARSE:
                if (mapped && transactionRefusal.concernsParse(source)) {
                    return transactionRefusal.refuse(backend, type);
                }
                if (mapped && effects.guard().holdsParse(backend, extended, source, at, length)) {
                    return holdBack(Held.UNTIL_ANSWERED);
                }
                if (in == source && !unitOpen && mayRepeatFrom(backend)) {
                    repeatable.parse(source, at);
                }
                openUnit();
                extended.message(backend, type, source, at, length, available);
                return true;
            case FrontendType.BIND:
            case FrontendType.DESCRIBE:
                if (mapped && type == FrontendType.BIND && effects.guard().holdsBind(backend, extended)) {
                    return holdBack(Held.UNTIL_ANSWERED);
                }
                if (in == source) { // not a replay
                    unit.note(type, at, !unitOpen && mayRepeatFrom(backend));
                }
                openUnit();
                extended.message(backend, type, source, at, length, available);
                return true;
            case FrontendType.CLOSE:
            case FrontendType.EXECUTE:
                openUnit();
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
                beginUnit();
                effects.functionCalled(backend);
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

    /** Starts the clock when nothing else is under way. */
    void beginUnit() {
        if (!unitOpen) {
            session.lease().requestBegins();
        }
    }

    /** Part of a unit of the client's is sent that is not its own message. */
    void openUnit() {
        beginUnit();
        unitOpen = true;
    }

    /** Whether a Parse gives a name that another statement of the client has. */
    boolean isNameTaken(ByteBuf source) {
        return mapped && extended.isNameTaken(source);
    }

    /** The message must wait; false. */
    boolean holdBack(Held why) {
        held = why;
        return false;
    }

    /** The last message of a unit has been sent. */
    void unitSent() {
        unitOpen = false;
    }

    MessageText text() {
        return text;
    }

    boolean isMapped() {
        return mapped;
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
        session.listening().transactionOver();
        unit.forget();
        effects.released();
    }

    void readyForQuery() {
        effects.readyForQuery();
        extended.answered();
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
        forwardingRest = false; // of half a message the rest is for nobody
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
        if (transactionRefusal.isCauseOf(error)) {
            session.send(ClientError.TRANSACTION_IN_STATEMENT_MODE.with());
            return ErrorAction.SUPPRESS;
        }
        // Only the unit sent last can be repeated behind nothing else, and only if the client has seen nothing of it.
        boolean repeatable = backend.ledger().unansweredUnits() == 1 && !unitOpen && !backend.isUnitAnswered();
        return extended.errorForClient(backend, error, repeatable ? unit : null);
    }

    private boolean resend(BackendConnection backend, byte type, ByteBuf source, int at, int length, int available) {
        text.read(type, source, at, length, available, extended);
        return send(backend, type, source, at, length, available);
    }

    RepeatableUnit repeatable() {
        return repeatable;
    }

    private boolean mayRepeatFrom(BackendConnection backend) {
        return session.toldStatus() == TransactionStatus.IDLE
                && backend.ledger().unansweredUnits() == 0;
    }

    void commandCompleted(CommandTags.Effect effect) {
        effects.completed(effect, extended, ownSettings);
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
