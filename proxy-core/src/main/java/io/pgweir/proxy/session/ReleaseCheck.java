package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.TransactionStatus;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.InternalReply;
import io.pgweir.proxy.backend.SessionSettings;
import io.pgweir.proxy.metrics.PoolMetrics;
import io.pgweir.proxy.metrics.StateKind;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.session.BackendCleanup.Leftover;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What stands between a backend that its client could give back and the next client. On the session's loop.
 *
 * <pre>
 *   due --ask--> asked --answer--> free                     given back
 *                  |                `--> kept               until a statement may have ended that; then due again
 *                  |                `--> unwanted --clean--> free
 *                  `--no answer--> due again, at last spoiled: given back to be closed
 * </pre>
 */
final class ReleaseCheck {
    /** Discards what is left of a session, settings and prepared statements apart. */
    private static final String CLEANING =
            "DISCARD TEMP; SELECT pg_catalog.pg_advisory_unlock_all(); CLOSE ALL; UNLISTEN *";

    private final ClientSession session;
    private final Pool pool;
    private final ClientSettings settings;
    private final SessionState state;
    private final PoolMetrics metrics;
    private final PinnedIdle idle;
    private Set<StateKind> unwanted = Set.of();
    private boolean spoiled;
    /** Asked or cleaned, and not answered: what has been taken for known is not. */
    private boolean awaited;

    ReleaseCheck(ClientSession session, LoopContext loop, ClientSettings settings, SessionState state) {
        this.session = session;
        this.pool = session.pool();
        this.settings = settings;
        this.state = state;
        this.metrics = pool.metrics(loop);
        this.idle = new PinnedIdle(
                loop.deadlines(),
                () -> pool.settings().state().pinnedIdleTimeout().toNanos(),
                this::idledTooLong);
    }

    /** Whether {@code current}, which is settled, may be given back now; if not, what has to be done first is under way. */
    boolean lets(BackendConnection current) {
        if (asks(current) || cleans(current) || session.listening().ends(current)) {
            current.flush();
            return false;
        }
        state.keepSequences(current);
        boolean kept = state.pins().isPinned();
        if (kept && !idle.isArmed()) {
            idle.begins();
        }
        return !kept;
    }

    private boolean asks(BackendConnection current) {
        if (spoiled || !state.mustAsk(settings.isTouched())) {
            return false;
        }
        boolean touched = settings.isTouched();
        boolean settingsToo = touched || state.doubtsSettings();
        boolean leftovers = state.asks();
        awaited = true;
        settings.asked();
        StateQuery.ask(
                current,
                pool.statements(),
                settingsToo,
                leftovers,
                settings.custom(),
                session.listening().sharedChannels(),
                answer -> answered(current, answer, touched));
        return true;
    }

    private void answered(BackendConnection asked, StateQuery.@Nullable Answer answer, boolean touched) {
        if (session.backend() != asked) {
            return;
        }
        awaited = false;
        if (answer == null) {
            if (!state.asksAgain()) {
                state.unknown();
                spoiled = true;
            } else if (touched) {
                settings.touched();
            }
            return;
        }
        SessionSettings snapshot = answer.settings();
        if (snapshot != null) {
            state.settingsFound(!snapshot.equals(asked.applied()), touched);
            settings.learned(snapshot);
            asked.applied(snapshot);
        }
        boolean unreplayable = answer.unreplayable()
                || (answer.privileged() && !"on".equals(asked.parameters().atLogin("is_superuser")));
        unwanted = state.answered(answer.left(), unreplayable);
        session.listening().found(state.pins().kinds().contains(StateKind.LISTEN), answer.listensOnKnown());
        state.settled();
    }

    /** Whether the client's settings are known, so that it could go on anywhere. */
    boolean knowsSettings() {
        return !awaited && !settings.isTouched();
    }

    /** Whether it may yet turn out that code has made the backend listen. */
    boolean mayFindListening() {
        return awaited || state.mustAsk(false);
    }

    /** Discards what is not to be kept. */
    private boolean cleans(BackendConnection current) {
        if (unwanted.isEmpty()) {
            return false;
        }
        boolean cleanable = isCleanable(unwanted);
        unwanted = Set.of();
        if (!cleanable) {
            spoiled = true;
            return false;
        }
        awaited = true;
        current.sendInternalQuery(CLEANING, error -> {
            if (session.backend() == current) {
                awaited = false;
                spoiled |= error != null;
            }
        });
        return true;
    }

    /** Whether a backend can be used on after these have been discarded. */
    static boolean isCleanable(Set<StateKind> kinds) {
        return !kinds.contains(StateKind.SETTING)
                && !kinds.contains(StateKind.LIBRARY)
                && !kinds.contains(StateKind.PREPARED_STATEMENT);
    }

    /** A request begins. */
    void requestBegins() {
        idle.disarm();
    }

    private void idledTooLong() {
        if (session.lease().isAtRest() && state.pins().isPinned()) {
            metrics.pinnedIdleTimeouts.increment();
            session.closeWith(ClientError.PINNED_IDLE_TIMEOUT.with(
                    CheckoutErrors.seconds(
                            pool.settings().state().pinnedIdleTimeout().toNanos()),
                    state.pins().describe()));
        }
    }

    /** The client has discarded everything; a loaded library stays. */
    void discarded(@Nullable BackendConnection current) {
        if (current != null) {
            spoiled |= state.isStained();
            state.discarded(current);
        }
    }

    /**
     * A statement that calls currval or lastval is about to be sent, and perhaps begins a unit.
     *
     * @return why it must not be sent, or null
     */
    @Nullable
    ErrorFields readsSequences(BackendConnection current, boolean unitOpen, InternalReply reply) {
        if (!state.mustDiscardSequences(current)) {
            return null;
        }
        if (unitOpen || current.ledger().isCopyingIn() || state.hasAdvanced()) {
            return ClientError.FOREIGN_SEQUENCES.with();
        }
        current.traces().sequencesDiscardedFor(settings.owner());
        current.sendInternalQuery("DISCARD SEQUENCES", new Preparation(current, reply));
        return null;
    }

    /** A RESET has been answered, and the client has this backend still: what it asked for at its login is set again. */
    void restoreStartup(BackendConnection current, InternalReply reply) {
        Map<String, String> values = settings.takeReset();
        if (!values.isEmpty() && current.status() != TransactionStatus.FAILED) {
            SettingsSync.restore(current, values, reply);
            settings.touched(); // what is being asked for at this moment will not tell of it
        }
    }

    /** Whether nobody else may have the backend. */
    boolean isSpoiled() {
        return spoiled;
    }

    /** What the client leaves behind if it leaves now. */
    Leftover leftover(boolean hopeless, boolean cancel) {
        return new Leftover(
                hopeless || spoiled || !unwanted.isEmpty() || state.isStained(),
                cancel,
                settings.isTouched() || awaited,
                state.isDirty() || awaited,
                settings.custom());
    }

    /** The client has no backend any more. What it has set there may be gone with it: then its next statement is told. */
    void forget(FrontendRelay relay) {
        if (settings.areUnlearned()) {
            relay.refuse(ClientError.STATE_UNKNOWN.with());
        }
        idle.disarm();
        unwanted = Set.of();
        spoiled = false;
        awaited = false;
        settings.forgotten();
        state.forgotten();
    }
}
