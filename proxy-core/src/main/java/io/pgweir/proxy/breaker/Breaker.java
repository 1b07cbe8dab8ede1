package io.pgweir.proxy.breaker;

import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.insight.AdminOrder;
import io.pgweir.proxy.settings.BreakerSettings;
import io.pgweir.proxy.settings.HostPort;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Whether a server may be asked for connections, and for how many. One for each address, shared by all pools; with a single
 * server it is a way to fail fast and to come back gently, never a reason to give the server up.
 *
 * <pre>
 *             connects fail (a)                        cooldown over
 *   CLOSED ----------------------> OPEN ------------------------------------> HALF_OPEN
 *     ^                            ^  ^ \                                      |    |
 *     |         connect fails (b) /   |  \    a connect from before succeeds   |    |
 *     |                          /    |   `---------------.                    |    |
 *     |                         /     `--- probe fails ----\-------------------'    |
 *     |     ramp over          /                            v                       |
 *     `--------------------- RAMP <------------- probe succeeds -------------------'
 * </pre>
 *
 * <p>(a) {@code failures} rounds of connects in a row, one that lasted {@code connect_timeout}, or a share of
 * {@code failureRate} percent of at least {@code minEvents} events within {@code window}. Events are connects and lost
 * connections; but as long as connects succeed, lost connections are history and open nothing. (b) one that began on the
 * ramp. Connects that began before the last one failed are of the same round: four refusals at once are one observation.
 * Only {@link Evidence} counts: never pgweir's own queue, a refused login, or an error of a statement.
 *
 * <p>A probe is one connect and one trivial query. The cooldown before it doubles from {@code cooldown} to {@code
 * longestCooldown} until the breaker closes, less up to half by chance. On the ramp a tenth more of each limit may be opened
 * every tenth of {@code ramp}.
 *
 * <p>An administrator may hold it open or closed: then nothing moves it but another order.
 *
 * <p>Thread-safe. Listeners are called on the thread that brought the event, without a lock of the breaker's.
 */
public final class Breaker {
    private static final int STEPS = 10;

    private static final long OVERDUE_NANOS = 250_000_000;

    /** Whoever waits for a probe of a breaker that is held open looks again after so long. */
    private static final long HELD_NANOS = 250_000_000;

    private final HostPort server;
    private volatile BreakerSettings settings;
    private final LongSupplier clock;
    private final DoubleSupplier random;
    private final List<BreakerListener> listeners = new CopyOnWriteArrayList<>();
    private final AtomicLongArray entered = new AtomicLongArray(BreakerState.values().length);

    private volatile BreakerState state = BreakerState.CLOSED;
    /** Null as a rule; changed with the lock. */
    private volatile @Nullable ByHand hand;

    // Guarded by this.
    private EventWindow window;
    /** Nothing but the order keeps it open: as far as is known the server works. */
    private boolean openByHandAlone;

    private @Nullable BackendFailure cause;
    private int rounds;
    private long lastFailureAt;
    private long firstFailureAt;
    private int probes;
    private long probeAt;
    private long rampAt;
    private long enteredAt;

    /**
     * What an administrator has ordered.
     *
     * @param open whether it is held open; else closed
     */
    public record ByHand(boolean open, AdminOrder order) {}

    /**
     * @param clock as {@link System#nanoTime}
     * @param random from 0 to below 1
     */
    public Breaker(HostPort server, BreakerSettings settings, LongSupplier clock, DoubleSupplier random) {
        this.server = server;
        this.settings = settings;
        this.clock = clock;
        this.random = random;
        this.enteredAt = clock.getAsLong();
        this.window = new EventWindow(settings.window().toNanos(), enteredAt);
    }

    /** Goes by other values from now on; the state it is in stays. Events of a window of another length are forgotten. */
    void settings(BreakerSettings other) {
        synchronized (this) {
            if (!other.window().equals(settings.window())) {
                window = new EventWindow(other.window().toNanos(), clock.getAsLong());
            }
            settings = other;
        }
    }

    public void listen(BreakerListener listener) {
        listeners.add(listener);
    }

    public void unlisten(BreakerListener listener) {
        listeners.remove(listener);
    }

    // ---- evidence

    /** A connect has succeeded, or the server has refused a login: it works. */
    public void connected() {
        tell(onConnected());
    }

    private synchronized @Nullable Transition onConnected() {
        window.add(false, clock.getAsLong());
        rounds = 0;
        openByHandAlone = true; // if an order keeps it open
        return isDown() && hand == null ? toRamp("the server answers again" + after()) : null;
    }

    /**
     * A connect has failed. Whatever is no evidence of the server's state counts as an answer.
     *
     * @param begunAt when it began, as the clock
     * @return true if this has opened the breaker: the caller is the one to probe
     */
    public boolean connectFailed(BackendFailure failure, long begunAt) {
        if (!Evidence.ofConnect(failure)) {
            connected();
            return false;
        }
        state(); // the ramp may be over
        Transition step = onConnectFailed(failure, begunAt);
        tell(step);
        return step != null;
    }

    private synchronized @Nullable Transition onConnectFailed(BackendFailure failure, long begunAt) {
        long now = clock.getAsLong();
        window.add(true, now);
        if (state == BreakerState.CLOSED) {
            cause = failure;
            if (rounds == 0) {
                firstFailureAt = begunAt;
            }
            if (rounds == 0 || begunAt - lastFailureAt >= 0) {
                rounds++;
                lastFailureAt = now;
            }
            String why = hand == null ? reasonToOpen(failure, now) : null;
            return why == null ? null : toOpen(failure, why);
        }
        if (state == BreakerState.RAMP && begunAt - rampAt >= 0) {
            firstFailureAt = begunAt;
            return toOpen(failure, "a connect failed after " + seconds(now - rampAt) + " of recovery");
        }
        return null;
    }

    private @Nullable String reasonToOpen(BackendFailure failure, long now) {
        if (failure.kind() == BackendFailure.Kind.TIMED_OUT) {
            return "it did not answer in time";
        }
        if (rounds >= settings.failures()) {
            return rounds + " connects in a row have failed (breaker_failures)";
        }
        int events = window.events(now);
        int failures = window.failures(now);
        if (events >= settings.minEvents() && failures * 100L >= (long) events * settings.failureRate()) {
            return failures + " of " + events + " connections failed or were lost within "
                    + settings.window().toSeconds() + " s (breaker_failure_rate)";
        }
        return null;
    }

    /** A connection was lost. It counts beside connects that fail. */
    public void lost(BackendFailure failure) {
        if (Evidence.ofLoss(failure)) {
            synchronized (this) {
                window.add(true, clock.getAsLong());
            }
        }
    }

    // ---- probes

    /** True if the caller is to probe now, and to say what came of it: {@link #probed}, or {@link #probeFailed}. */
    public boolean takeProbe() {
        Transition step = onTakeProbe();
        tell(step);
        return step != null;
    }

    private synchronized @Nullable Transition onTakeProbe() {
        if (state != BreakerState.OPEN || hand != null || nanosToProbe() > 0) {
            return null;
        }
        probes++;
        return to(BreakerState.HALF_OPEN, "probe " + probes);
    }

    /** The probe has been answered. */
    public void probed() {
        connected();
    }

    /** The probe has failed. A refused login is an answer, and no failure. */
    public void probeFailed(BackendFailure failure) {
        if (failure.kind() != BackendFailure.Kind.LOST && !Evidence.ofConnect(failure)) {
            connected();
            return;
        }
        tell(onProbeFailed(failure));
    }

    private synchronized @Nullable Transition onProbeFailed(BackendFailure failure) {
        return state == BreakerState.HALF_OPEN ? toOpen(failure, "probe " + probes + " has failed") : null;
    }

    /** Whether a probe is overdue: who has opened the breaker is gone, or not to be waited for. */
    public boolean isUnattended() {
        return state == BreakerState.OPEN && isOverdue();
    }

    private synchronized boolean isOverdue() {
        return state == BreakerState.OPEN && hand == null && clock.getAsLong() - probeAt > OVERDUE_NANOS;
    }

    /** Until a probe is due; 0 if one is under way or none is needed. */
    public synchronized long nanosToProbe() {
        if (hand != null) {
            return state == BreakerState.OPEN ? HELD_NANOS : 0;
        }
        return state == BreakerState.OPEN ? Math.max(0, probeAt - clock.getAsLong()) : 0;
    }

    // ---- by hand

    /** Holds it open, or closed, whatever comes. */
    public void hold(ByHand order) {
        onHold(order).forEach(this::tell);
    }

    private synchronized List<Transition> onHold(ByHand order) {
        boolean wasHeld = hand != null;
        hand = order;
        List<Transition> steps = new ArrayList<>();
        if (order.open) {
            openByHandAlone = !isDown() || (wasHeld && openByHandAlone);
            if (state != BreakerState.OPEN) {
                steps.add(to(BreakerState.OPEN, "by hand, until AUTO or CLOSE"));
            }
            return steps;
        }
        if (isDown()) {
            steps.add(toRamp("by hand"));
        }
        if (state == BreakerState.RAMP) {
            steps.add(toClosed("by hand, until AUTO or OPEN"));
        }
        return steps;
    }

    /** Evidence counts again. If a server was down before it was held open, a probe of it is overdue. */
    public void letGo() {
        tell(onLetGo());
    }

    private synchronized @Nullable Transition onLetGo() {
        boolean works = hand != null && state == BreakerState.OPEN && openByHandAlone;
        hand = null;
        probeAt = clock.getAsLong() - OVERDUE_NANOS - 1;
        return works ? toRamp("by hand: AUTO") : null;
    }

    /** What an administrator has ordered; null: nothing. */
    public @Nullable ByHand byHand() {
        return hand;
    }

    // ---- what is allowed

    public BreakerState state() {
        if (state == BreakerState.RAMP) {
            tell(advance());
        }
        return state;
    }

    /** No connects but probes. */
    public boolean isDown() {
        return state == BreakerState.OPEN || state == BreakerState.HALF_OPEN;
    }

    /** How many connections a pool with this limit may have open. */
    public int most(int limit) {
        return switch (state()) {
            case CLOSED -> limit;
            case OPEN, HALF_OPEN -> 0;
            case RAMP -> Math.max(1, limit * step() / STEPS);
        };
    }

    /** Steps of the ramp that have begun, of {@link #STEPS}. */
    private synchronized int step() {
        long stepNanos = settings.ramp().toNanos() / STEPS;
        long begun = stepNanos == 0 ? STEPS : (clock.getAsLong() - rampAt) / stepNanos + 1;
        return (int) Math.min(STEPS, begun);
    }

    /** How long to wait before {@link #most} may have changed; at least a millisecond. */
    public synchronized long nanosToChange() {
        long least = 1_000_000;
        return switch (state) {
            case CLOSED -> least;
            case HALF_OPEN -> settings.cooldown().toNanos();
            case OPEN -> Math.max(least, nanosToProbe());
            case RAMP -> Math.max(least, settings.ramp().toNanos() / STEPS);
        };
    }

    /** What is wrong, while the breaker is open or half-open; else null. */
    public synchronized @Nullable Outage outage() {
        BackendFailure current = cause();
        ByHand by = hand;
        long since = by == null ? firstFailureAt : by.order.since();
        return isDown() && current != null
                ? new Outage(current, clock.getAsLong() - since, nanosToProbe(), by != null)
                : null;
    }

    /** The last failed connect that no success has followed, or null. */
    public synchronized @Nullable BackendFailure failure() {
        return isDown() || rounds > 0 ? cause() : null;
    }

    private @Nullable BackendFailure cause() {
        ByHand by = hand;
        return by != null && by.open
                ? BackendFailure.unreachable(server + " was taken out of use by an administrator")
                : cause;
    }

    public HostPort server() {
        return server;
    }

    /** Since the state was entered. */
    public synchronized long nanosInState() {
        return clock.getAsLong() - enteredAt;
    }

    /** Times that a state was entered. */
    public long entered(BreakerState which) {
        return entered.get(which.ordinal());
    }

    // ---- transitions, with the lock

    /** The ramp ends by time alone. */
    private synchronized @Nullable Transition advance() {
        boolean over = state == BreakerState.RAMP
                && clock.getAsLong() - rampAt >= settings.ramp().toNanos();
        if (!over) {
            return null;
        }
        return toClosed("no connect failed for " + seconds(settings.ramp().toNanos()) + " (breaker_ramp)");
    }

    private Transition toOpen(BackendFailure failure, String why) {
        cause = failure;
        long cooldown = settings.cooldown().toNanos();
        long longest = settings.longestCooldown().toNanos();
        for (int i = 0; i < probes && cooldown < longest; i++) {
            cooldown *= 2;
        }
        cooldown = Math.min(cooldown, longest);
        probeAt = clock.getAsLong() + cooldown - (long) (cooldown / 2 * random.getAsDouble());
        return to(BreakerState.OPEN, why + ": " + failure.message());
    }

    private Transition toClosed(String why) {
        probes = 0;
        rounds = 0;
        window.clear();
        return to(BreakerState.CLOSED, why);
    }

    private Transition toRamp(String why) {
        rampAt = clock.getAsLong();
        rounds = 0;
        return to(BreakerState.RAMP, why);
    }

    private String after() {
        return " after " + seconds(clock.getAsLong() - firstFailureAt) + " and " + probes + " probes";
    }

    private Transition to(BreakerState next, String why) {
        BreakerState from = state;
        if (!next.mayFollow(from)) {
            throw new IllegalStateException("breaker of " + server + ": " + from + " to " + next);
        }
        state = next;
        enteredAt = clock.getAsLong();
        entered.incrementAndGet(next.ordinal());
        return new Transition(server, from, next, why);
    }

    private void tell(@Nullable Transition step) {
        if (step != null) {
            listeners.forEach(listener -> listener.changed(step));
        }
    }

    private static String seconds(long nanos) {
        return String.format(Locale.ROOT, "%.1f s", nanos / 1e9);
    }
}
