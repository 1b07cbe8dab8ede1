package io.pgweir.proxy.session;

import io.pgweir.protocol.sql.SessionEffect;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.metrics.PoolMetrics;
import io.pgweir.proxy.metrics.StateKind;
import io.pgweir.proxy.metrics.StateLeaks;
import io.pgweir.proxy.pool.PinnedClients;
import io.pgweir.proxy.settings.ListenMode;
import io.pgweir.proxy.settings.SequenceState;
import io.pgweir.proxy.settings.StateCheck;
import io.pgweir.proxy.settings.StatePolicy;
import io.pgweir.proxy.settings.UnsafeState;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What one client makes of its session that no other backend has, settings apart. Statements announce it ({@link
 * SessionEffect}); what has really come of it PostgreSQL is asked before the backend is given back, and that decides whether
 * the client keeps its backend. On the session's loop.
 */
final class SessionState {
    /** What is asked of PostgreSQL by {@link StateQuery}, and what only the statements themselves tell. */
    private static final Set<StateKind> ASKED = EnumSet.of(
            StateKind.TEMPORARY_OBJECT,
            StateKind.ADVISORY_LOCK,
            StateKind.HOLDABLE_CURSOR,
            StateKind.PREPARED_STATEMENT,
            StateKind.LISTEN);

    /** The effect by which a statement announces what cannot be carried to another backend ({@link SessionEffect#UNSAFE}). */
    private static final Map<StateKind, SessionEffect> ANNOUNCED_BY = new EnumMap<>(Map.of(
            StateKind.TEMPORARY_OBJECT, SessionEffect.TEMPORARY_OBJECT,
            StateKind.ADVISORY_LOCK, SessionEffect.ADVISORY_LOCK,
            StateKind.HOLDABLE_CURSOR, SessionEffect.HOLDABLE_CURSOR,
            StateKind.PREPARED_STATEMENT, SessionEffect.PREPARED_STATEMENT,
            StateKind.LISTEN, SessionEffect.LISTEN,
            StateKind.LIBRARY, SessionEffect.LIBRARY));

    private static final int ANNOUNCED =
            SessionEffect.UNSAFE | SessionEffect.PERHAPS_TEMPORARY.bit() | SessionEffect.COMPUTED_SETTING.bit();
    private static final int CODE = SessionEffect.CODE.bit() | SessionEffect.FUNCTION.bit();
    /** What makes, or may make, names mean something that they mean to nobody else. */
    private static final int NAMING = SessionEffect.TEMPORARY_OBJECT.bit()
            | SessionEffect.PERHAPS_TEMPORARY.bit()
            | SessionEffect.COMPUTED_SETTING.bit()
            | CODE;

    private static final int MOST_ATTEMPTS = 3;

    private final ClientSession session;
    private final ClientSettings settings;
    private final PoolMetrics metrics;
    private final PinnedClients pinned;
    private final Pins pins;
    private final boolean multiplexesListen;
    private int pending;
    private int asking;
    private boolean checkAll;
    private boolean checked;
    private int attempts;
    private boolean readsSequences;
    private boolean advanced;
    private String cause = "";
    private @Nullable ErrorFields lost;

    SessionState(ClientSession session, ClientSettings settings, PoolMetrics metrics) {
        this.session = session;
        this.settings = settings;
        this.metrics = metrics;
        this.pinned = session.pool().pinned();
        this.pins = new Pins(session);
        this.multiplexesListen = session.pool().settings().listen().mode() == ListenMode.MULTIPLEX;
        this.readsSequences = policy().sequences() == SequenceState.KEEP;
    }

    private StatePolicy policy() {
        return session.pool().settings().state();
    }

    Pins pins() {
        return pins;
    }

    // ---- a statement is about to be sent

    /** Why a statement with these effects must not be sent; null if it may. Takes a place for the state it may make. */
    @Nullable
    ErrorFields refusal(int effects) {
        StateKind kind = kindOf(multiplexesListen ? effects & ~SessionEffect.LISTEN.bit() : effects);
        if (kind == null && readsSequences && SessionEffect.SEQUENCE_ADVANCE.in(effects)) {
            return pins.reserve() ? null : tooManyPinned(StateKind.SEQUENCE);
        }
        if (kind == null || policy().onUnsafeState() == UnsafeState.IGNORE) {
            return null;
        }
        if (policy().onUnsafeState() == UnsafeState.ERROR) {
            return ClientError.UNSAFE_STATE.with(kind.description());
        }
        return pins.reserve() ? null : tooManyPinned(kind);
    }

    private ErrorFields tooManyPinned(StateKind kind) {
        return ClientError.TOO_MANY_PINNED.with(
                kind.description(), pinned.limit(), session.pool().key());
    }

    private static @Nullable StateKind kindOf(int effects) {
        if ((effects & (SessionEffect.UNSAFE | SessionEffect.COMPUTED_SETTING.bit())) == 0) {
            return null;
        }
        for (StateKind kind : ANNOUNCED_BY.keySet()) {
            if (isAnnouncedBy(effects, kind)) {
                return kind;
            }
        }
        return StateKind.SETTING;
    }

    private static boolean isAnnouncedBy(int effects, StateKind kind) {
        SessionEffect effect = ANNOUNCED_BY.get(kind);
        return effect != null && effect.in(effects);
    }

    /** A statement with these effects is being sent. */
    void sent(int effects, String statement, BackendConnection backend) {
        // LOAD counts when it has worked, LISTEN when the client does it on its own backend.
        pending |= effects & ~(SessionEffect.LIBRARY.bit() | SessionEffect.LISTEN.bit());
        if (SessionEffect.SEQUENCE_ADVANCE.in(effects)) {
            advanced = true;
        }
        if ((effects & CODE) != 0) {
            // Whatever is checked: it costs the next client a RESET ALL, and only if that is another one.
            backend.traces().hiddenSettingsOf(settings.owner());
            checkAll |= policy().check() != StateCheck.OFF
                    && (SessionEffect.CODE.in(effects)
                            || ThreadLocalRandom.current().nextInt(100) < policy().samplePercent());
        }
        if ((effects & (ANNOUNCED | CODE)) != 0) {
            cause = statement;
        }
        if (SessionEffect.SETTING.in(effects)) {
            settings.touched();
        }
        if (SessionEffect.COMPUTED_SETTING.in(effects)) {
            backend.traces().hiddenSettingsOf(settings.owner());
        }
    }

    /** The client listens on its own backend, or is about to. */
    void listens() {
        pending |= SessionEffect.LISTEN.bit();
    }

    /** Whether notifications are the client's. */
    boolean hears() {
        return pins.kinds().contains(StateKind.LISTEN) || SessionEffect.LISTEN.in(pending | asking);
    }

    /** Whether names in a text may mean something to this client alone, or by what nobody has seen it do. */
    boolean mayHideNames() {
        return ((pending | asking) & NAMING) != 0
                || (pins.isPinned()
                        && (pins.kinds().contains(StateKind.TEMPORARY_OBJECT)
                                || pins.kinds().contains(StateKind.SETTING)));
    }

    // ---- sequences

    /** A lease begins: what currval and lastval would say of others is discarded in front, where anybody asks for it. */
    boolean begins(BackendConnection backend) {
        boolean needed = pinned.areSequencesRead() && !backend.traces().areSequencesOf(settings.owner());
        advanced = false;
        if (needed) {
            backend.traces().sequencesDiscardedFor(settings.owner());
        } else {
            backend.traces().sequencesUsedBy(settings.owner());
        }
        if (policy().check() == StateCheck.ALWAYS) {
            checkAll = true;
            backend.traces().hiddenSettingsOf(settings.owner());
        }
        return needed;
    }

    /** Whether a statement that calls currval or lastval needs DISCARD SEQUENCES in front of it. */
    boolean mustDiscardSequences(BackendConnection backend) {
        readsSequences = true;
        pinned.sequencesRead();
        return !backend.traces().areSequencesOf(settings.owner());
    }

    /** Whether the client has perhaps advanced a sequence since it has this backend. */
    boolean hasAdvanced() {
        return advanced;
    }

    // ---- the backend could be given back

    /** Whether PostgreSQL is to be asked first. */
    boolean mustAsk(boolean settingsTouched) {
        return leftoversDue() || (settingsTouched && !pins.isPinned());
    }

    private boolean leftoversDue() {
        return checkAll
                || (pending & ANNOUNCED) != 0
                || ((pending & CODE) != 0 && policy().check() != StateCheck.OFF)
                || (pins.isPinned() && SessionEffect.REMOVAL.in(pending) && mayBeGone());
    }

    private boolean mayBeGone() {
        return pins.kinds().stream().anyMatch(ASKED::contains);
    }

    /** Whether the settings are to be asked for as well, because code may have changed them. */
    boolean doubtsSettings() {
        return checkAll;
    }

    /** It is being asked. */
    boolean asks() {
        boolean leftovers = leftoversDue();
        checked = checkAll;
        asking = pending;
        pending = 0;
        checkAll = false;
        return leftovers;
    }

    /** It could not be asked; to be asked again, but not for ever: then false. */
    boolean asksAgain() {
        if (++attempts >= MOST_ATTEMPTS) {
            return false;
        }
        pending |= asking;
        checkAll |= checked;
        return true;
    }

    /**
     * The answer to what was asked last.
     *
     * @param left kinds of state that are there; null: not asked
     * @param privileged whether there is a setting that cannot be replayed
     * @return what has to be cleaned up, because it is not to be kept
     */
    Set<StateKind> answered(@Nullable Set<StateKind> left, boolean privileged) {
        attempts = 0;
        Set<StateKind> kept = EnumSet.noneOf(StateKind.class);
        for (StateKind kind : pins.kinds()) {
            if (left == null || !ASKED.contains(kind)) {
                kept.add(kind);
            }
        }
        if (left != null) {
            kept.addAll(left);
        }
        if (privileged || SessionEffect.COMPUTED_SETTING.in(asking)) {
            kept.add(StateKind.SETTING);
        }
        if (SessionEffect.LIBRARY.in(asking)) {
            kept.add(StateKind.LIBRARY);
        }
        return decide(kept);
    }

    /** The answer has been worked off. */
    void settled() {
        asking = 0;
    }

    private Set<StateKind> decide(Set<StateKind> found) {
        Set<StateKind> news = EnumSet.copyOf(found);
        news.removeAll(pins.kinds());
        boolean keeps = news.isEmpty() || (policy().onUnsafeState() == UnsafeState.PIN && pins.reserve());
        if (keeps) {
            count(news, StateLeaks.Action.PINNED);
            pins.set(found, cause);
            return Set.of();
        }
        boolean told = policy().onUnsafeState() != UnsafeState.IGNORE;
        if (told) {
            String what = found.stream().map(StateKind::description).collect(Collectors.joining(", "));
            lost = policy().onUnsafeState() == UnsafeState.ERROR
                    ? ClientError.UNSAFE_STATE_DISCARDED.with(what)
                    : ClientError.PINNED_STATE_DISCARDED.with(
                            what, pinned.limit(), session.pool().key());
        }
        count(news, ReleaseCheck.isCleanable(found) ? StateLeaks.Action.CLEANED : StateLeaks.Action.RETIRED);
        pins.clear();
        return found;
    }

    /** Counts what nobody had announced. */
    private void count(Set<StateKind> kinds, StateLeaks.Action action) {
        for (StateKind kind : kinds) {
            if (ANNOUNCED_BY.containsKey(kind) && !isAnnouncedBy(asking, kind)) {
                metrics.stateLeaks.of(kind, action).increment();
            }
        }
    }

    /** Settings have turned up that the client did not have; if nobody had announced them, that counts. */
    void settingsFound(boolean news, boolean touched) {
        if (news && checked && !touched && !SessionEffect.SETTING.in(asking)) {
            metrics.stateLeaks.of(StateKind.SETTING, StateLeaks.Action.ADOPTED).increment();
        }
    }

    /** It can never be known. */
    void unknown() {
        metrics.stateLeaks.of(StateKind.SETTING, StateLeaks.Action.RETIRED).increment();
        lost = ClientError.STATE_UNKNOWN.with();
        attempts = 0;
        pins.clear();
    }

    /** At the release point: keeps the backend for sequences that the client will ask about. */
    void keepSequences(BackendConnection backend) {
        boolean own = backend.traces().areSequencesOf(settings.owner());
        if (readsSequences && advanced && own && pins.reserve() && !pins.kinds().contains(StateKind.SEQUENCE)) {
            Set<StateKind> kinds = EnumSet.of(StateKind.SEQUENCE);
            kinds.addAll(pins.kinds());
            pins.set(kinds, "a statement that may advance a sequence");
        }
    }

    /** The backend has been given back: the client is told with its next statement what it has lost. */
    void tellLost(FrontendRelay relay) {
        ErrorFields error = lost;
        lost = null;
        if (error != null) {
            relay.refuse(error);
        }
    }

    // ---- ends

    /** LOAD has completed. */
    void libraryLoaded() {
        pending |= SessionEffect.LIBRARY.bit();
    }

    /** DISCARD ALL, after which only a loaded library is left. What was sent behind it, in the same unit, counts still. */
    void discarded(BackendConnection backend) {
        pending &= ~SessionEffect.LIBRARY.bit();
        if ((pending & (CODE | SessionEffect.COMPUTED_SETTING.bit())) != 0) {
            backend.traces().hiddenSettingsOf(settings.owner());
        }
        advanced = false;
        readsSequences = policy().sequences() == SequenceState.KEEP;
        backend.traces().sequencesDiscardedFor(settings.owner());
        pins.clear();
    }

    /** DISCARD SEQUENCES. */
    void sequencesDiscarded(BackendConnection backend) {
        advanced = false;
        backend.traces().sequencesDiscardedFor(settings.owner());
        Set<StateKind> kinds = EnumSet.noneOf(StateKind.class);
        kinds.addAll(pins.kinds());
        kinds.remove(StateKind.SEQUENCE);
        pins.set(kinds, "");
    }

    /** Whether the client has, or may have, state on its backend that it must not go on without. */
    boolean isBound() {
        return pins.isBound() || ((pending | asking) & SessionEffect.UNSAFE) != 0;
    }

    /** Whether anything may be on the backend that the next client must not see. */
    boolean isDirty() {
        return pins.isPinned() || (pending & (ANNOUNCED | CODE)) != 0;
    }

    /** Whether there is something that cannot be discarded. */
    boolean isStained() {
        return pins.kinds().contains(StateKind.LIBRARY) || SessionEffect.LIBRARY.in(pending | asking);
    }

    /** The client has no backend any more. */
    void forgotten() {
        pending = 0;
        asking = 0;
        checkAll = false;
        attempts = 0;
        advanced = false;
        pins.clear();
    }
}
