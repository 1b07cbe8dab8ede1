package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.TransactionStatus;
import io.pgweir.proxy.settings.ClientLimit;
import io.pgweir.proxy.settings.Limits;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The time limits of one client: what the operator allows it, narrowed by what it asks for itself. The one place that the
 * queue and the clocks ask. On the session's loop.
 *
 * <p>What a client sets counts like PostgreSQL's own settings: until its session ends, undone if the transaction is rolled
 * back, with SET LOCAL until the end of the transaction.
 *
 * <pre>
 *   committed --set, set local--> changed in a transaction --ReadyForQuery I after COMMIT--> committed (what was set stays)
 *                                                      \--after an error or ROLLBACK--> committed (as it was before)
 * </pre>
 */
final class ClientLimits {
    /** Clients may choose any length, and each distinct one has a list of its own: lengths differ by this at least. */
    private static final int GRAINS_PER_OCTAVE_LOG2 = 7;

    private final Function<@Nullable String, Limits> operator;
    private final BooleanSupplier dependsOnApplication;
    private final Wishes startup;
    private final long[] nanos = new long[ClientLimit.values().length];
    private @Nullable String application;
    private Limits most;
    private Wishes current;
    /** What {@link #current} becomes when the transaction commits. */
    private Wishes kept;
    /** What was set when the transaction began; null as long as it has changed nothing. */
    private @Nullable Wishes before;

    private boolean unitFailed;
    private boolean rolledBack;
    private Runnable onChange = () -> {};

    /**
     * @param operator what is allowed, by application_name; asked again when that or the configuration changes
     * @param dependsOnApplication whether the name makes a difference
     * @param application what the client called itself at its login, or null
     */
    ClientLimits(
            Function<@Nullable String, Limits> operator,
            BooleanSupplier dependsOnApplication,
            @Nullable String application,
            Wishes startup) {
        this.operator = operator;
        this.dependsOnApplication = dependsOnApplication;
        this.startup = startup;
        this.application = application;
        this.most = operator.apply(application);
        this.current = this.kept = startup;
        narrow();
    }

    /** Called after each change of what is in force. */
    void onChange(Runnable action) {
        onChange = action;
    }

    // ---- what is in force

    /** Nanoseconds; 0 is off, or for {@code pool_timeout}: do not wait. */
    long nanos(ClientLimit limit) {
        return nanos[limit.ordinal()];
    }

    /** The exact limit, for people; see {@link #nanos} for the clocks. */
    Duration inForce(ClientLimit limit) {
        Duration wish = current.limits().get(limit);
        return wish == null ? most.of(limit) : limit.narrowed(most.of(limit), wish);
    }

    /** The most that the operator allows. */
    Duration most(ClientLimit limit) {
        return most.of(limit);
    }

    /** What the client wants to be called, or null. */
    @Nullable
    String label() {
        return current.label();
    }

    private void narrow() {
        for (ClientLimit limit : ClientLimit.values()) {
            Duration inForce = inForce(limit);
            nanos[limit.ordinal()] = inForce.equals(most.of(limit)) ? inForce.toNanos() : grained(inForce);
        }
    }

    /** Rounded up by less than a hundredth, so that there are few distinct lengths however many clients choose one. */
    static long grained(Duration duration) {
        long millis = duration.toMillis();
        long grain = Math.max(1, Long.highestOneBit(millis) >> GRAINS_PER_OCTAVE_LOG2);
        return TimeUnit.MILLISECONDS.toNanos((millis + grain - 1) / grain * grain);
    }

    private void changed() {
        long[] old = nanos.clone();
        narrow();
        if (!Arrays.equals(old, nanos)) {
            onChange.run();
        }
    }

    // ---- changes

    /** The client calls itself {@code application} from now on, by whatever way. */
    void application(String name) {
        application = name;
        if (dependsOnApplication.getAsBoolean()) {
            operatorChanged();
        }
    }

    /** The operator may allow something else by now; what the client has set for itself stays. */
    void operatorChanged() {
        most = operator.apply(application);
        changed();
    }

    /** SET, or SET LOCAL; a null wish is the one of the startup. */
    void set(ClientLimit limit, @Nullable Duration wish, boolean local) {
        Duration next = wish == null ? startup.limits().get(limit) : wish;
        change(wishes -> wishes.with(limit, next), local);
    }

    /** The same for the label. */
    void setLabel(@Nullable String label, boolean local) {
        String next = label == null ? startup.label() : label;
        change(wishes -> wishes.withLabel(next), local);
    }

    /** RESET ALL and DISCARD ALL. */
    void resetAll() {
        change(wishes -> startup, false);
    }

    private void change(Function<Wishes, Wishes> change, boolean local) {
        if (rolledBack && before != null) {
            end(); // that was the end of one transaction, and this is the next
        }
        if (before == null) {
            before = kept;
        }
        current = change.apply(current);
        if (!local) {
            kept = change.apply(kept);
        }
        changed();
    }

    // ---- transactions

    /** Something was set that the end of the transaction decides upon. */
    boolean isUndecided() {
        return before != null;
    }

    /** A statement of the client's has failed. */
    void failed() {
        unitFailed = true;
    }

    /** A ROLLBACK has completed; what for is known with ReadyForQuery: ROLLBACK TO does not end the transaction. */
    void rolledBack() {
        rolledBack = true;
    }

    /** A COMMIT has completed. */
    void committed() {
        if (before != null) {
            unitFailed = false;
            rolledBack = false;
            end();
        }
    }

    /** The end of a unit: outside of a transaction block whatever was open has ended. */
    void readyForQuery(byte status) {
        if (before != null && status == TransactionStatus.IDLE) {
            end();
        }
        unitFailed = false;
        rolledBack = false;
    }

    private void end() {
        Wishes undo = before;
        if (undo != null && (unitFailed || rolledBack)) {
            kept = undo;
        }
        current = kept;
        before = null;
        rolledBack = false;
        changed();
    }
}
