package io.pgweir.proxy.breaker;

import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.backend.ServerRole;
import io.pgweir.proxy.settings.BreakerSettings;
import io.pgweir.proxy.settings.HostChoice;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.LoadBalanceHosts;
import io.pgweir.proxy.settings.TargetSessionAttrs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The servers of one database, in the order of its URL, and which of them is used. A server that is down is not; of the others
 * one that is known to be what {@code target_session_attrs} asks for, before one that has to be asked first.
 *
 * <p>Thread-safe.
 */
public final class Servers {
    /** Hosts that an error message has room for. */
    private static final int MOST_NAMED = 4;

    /** Arrays, because looking through them allocates nothing. */
    private final Breaker[] inOrder;

    private final Standing[] standings;
    private final HostChoice choice;
    private final SeenRoles roles;
    private final LongSupplier clock;
    private final DoubleSupplier random;
    private final List<Consumer<HostPort>> whenLeft = new CopyOnWriteArrayList<>();
    private final RetryBudget retries = new RetryBudget(System::nanoTime);

    /**
     * @param clock as {@link System#nanoTime}
     * @param random from 0 to below 1
     */
    Servers(
            List<Breaker> inOrder,
            HostChoice choice,
            BreakerSettings settings,
            SeenRoles roles,
            LongSupplier clock,
            DoubleSupplier random) {
        this.inOrder = inOrder.toArray(Breaker[]::new);
        this.choice = choice;
        this.roles = roles;
        this.clock = clock;
        this.random = random;
        this.standings = new Standing[this.inOrder.length];
        Arrays.setAll(standings, i -> new Standing(choice.target(), settings, random));
    }

    // ---- which is used

    /**
     * Where a connection is to be opened, by a pool with this limit and so many open; null if there is nowhere for now. Who
     * opens it says so: {@link #connecting}.
     */
    public @Nullable Breaker next(int limit, int open) {
        boolean any = choice.balance() == LoadBalanceHosts.RANDOM;
        long now = clock.getAsLong();
        Breaker best = null;
        int bestValue = Integer.MAX_VALUE;
        int equals = 0;
        for (int i = 0; i < inOrder.length; i++) {
            Standing.Rank rank = inOrder[i].isDown() ? Standing.Rank.NOT_NOW : rank(standings[i], now);
            if (rank == Standing.Rank.NOT_NOW || (rank == Standing.Rank.SECOND_CHOICE && isAnyPromising(now))) {
                continue;
            }
            int value = rank.ordinal();
            if (any) {
                // Chance needs all of them known; and one on its ramp leaves the work to those that have room.
                value = rank == Standing.Rank.UNKNOWN ? Standing.Rank.WANTED.ordinal() : value;
                value = value * 2 + (inOrder[i].most(limit) > open ? 0 : 1);
            }
            if (value < bestValue) {
                best = inOrder[i];
                bestValue = value;
                equals = 1;
            } else if (any && value == bestValue && random.getAsDouble() * ++equals < 1) {
                best = inOrder[i];
            }
        }
        return best;
    }

    private Standing.Rank rank(Standing standing, long now) {
        return choice.target() == TargetSessionAttrs.ANY ? Standing.Rank.WANTED : standing.rank(now);
    }

    private boolean isAnyPromising(long now) {
        for (int i = 0; i < inOrder.length; i++) {
            if (!inOrder[i].isDown() && standings[i].isPromising(now)) {
                return true;
            }
        }
        return false;
    }

    /** Whether a backend on this server may be given to a client. On the path of every checkout. */
    public boolean mayServe(HostPort address) {
        if (choice.target() == TargetSessionAttrs.ANY) {
            return true;
        }
        Standing standing = standing(address);
        return standing.mayServe() && !(standing.isSecondChoice() && isAnyPromising(clock.getAsLong()));
    }

    /** Whether one of these has this address. */
    public boolean has(HostPort address) {
        return Arrays.stream(inOrder).anyMatch(breaker -> breaker.server().equals(address));
    }

    /** Whether this server is no longer what is asked for. */
    public boolean isLeft(HostPort address) {
        return choice.target() != TargetSessionAttrs.ANY && standing(address).isUnfit();
    }

    /** Whether clients use servers that are only the second choice, while there is one of the first. */
    public boolean isBetterThan(HostPort address) {
        if (!standing(address).isSecondChoice()) {
            return false;
        }
        for (int i = 0; i < inOrder.length; i++) {
            if (!inOrder[i].isDown() && standings[i].isWanted()) {
                return true;
            }
        }
        return false;
    }

    /** One to look at, because only the second choice is in use; null if there is none or it is not time. */
    public @Nullable Breaker perhapsBetter() {
        if (choice.target() != TargetSessionAttrs.PREFER_STANDBY) {
            return null;
        }
        long now = clock.getAsLong();
        Breaker found = null;
        for (int i = 0; i < inOrder.length; i++) {
            if (inOrder[i].isDown()) {
                continue;
            }
            Standing.Rank rank = standings[i].rank(now);
            if (rank == Standing.Rank.WANTED) {
                return null;
            }
            if (found == null && (rank == Standing.Rank.UNKNOWN || rank == Standing.Rank.SECOND_CHOICE_AGAIN)) {
                found = inOrder[i];
            }
        }
        return found;
    }

    // ---- what they are

    /** A connection to it is being opened. */
    public void connecting(Breaker server) {
        standing(server.server()).connecting(clock.getAsLong());
    }

    /** It could not be opened, or is of no use. */
    public void notConnected(Breaker server, BackendFailure failure) {
        if (failure.kind() == BackendFailure.Kind.UNFIT) {
            if (failure.role() != null) {
                roles.seen(server.server(), failure.role());
            }
            left(server.server(), standing(server.server()).unfit(failure.message(), clock.getAsLong()));
        } else {
            unanswered(server.server());
        }
    }

    /**
     * What a server is, by a login to it, by its own report or by its answer; null: nobody has asked.
     *
     * @param askedFor when the login or the question began
     */
    public void is(HostPort address, @Nullable ServerRole role, long askedFor) {
        if (role != null) {
            roles.seen(address, role);
            String inWords = address + " is " + role.text();
            left(address, standing(address).is(role, inWords, askedFor, clock.getAsLong()));
        }
    }

    private void left(HostPort address, boolean news) {
        if (news) {
            whenLeft.forEach(listener -> listener.accept(address));
        }
    }

    /** Told of each server that was of use, and is found not to be any more. */
    public void whenLeft(Consumer<HostPort> listener) {
        whenLeft.add(listener);
    }

    /** It may be of no use any more: it serves nobody before it is asked. False if that is known, or not urgent. */
    public boolean doubt(HostPort address) {
        return standing(address).doubt(clock.getAsLong());
    }

    /** It may be of no use any more, but that is not likely. */
    public void rumour(HostPort address) {
        standing(address).rumour();
    }

    /**
     * True if the caller is to ask it what it is now, because it is in doubt, and to say what came of it: {@link #is} or
     * {@link #unanswered}.
     *
     * @param witness whether the backend to be asked is the one that has refused
     */
    public boolean takeQuestion(HostPort address, boolean witness) {
        Standing standing = standing(address);
        return standing.isDoubted() && standing.takeQuestion(witness, clock.getAsLong());
    }

    /** The same for what is not urgent as well. */
    public boolean takeAnyQuestion(HostPort address) {
        Standing standing = standing(address);
        return standing.isRumoured() && standing.takeQuestion(false, clock.getAsLong());
    }

    public void unanswered(HostPort address) {
        standing(address).unanswered();
    }

    /** Whether connecting to any of them is pointless, as far as is known. */
    public boolean areOfNoUse() {
        return outage() != null || noneFits() != null;
    }

    /** What each server is, while none can be used although one is up; else null. */
    public @Nullable BackendFailure noneFits() {
        boolean unfit = false;
        for (int i = 0; i < inOrder.length; i++) {
            if (!inOrder[i].isDown()) {
                if (!isLeft(inOrder[i].server())) {
                    return null;
                }
                unfit = true;
            }
        }
        return unfit ? BackendFailure.unfit(inWords()) : null;
    }

    private String inWords() {
        List<String> words = new ArrayList<>();
        for (int i = 0; i < inOrder.length && i < MOST_NAMED; i++) {
            Outage outage = inOrder[i].outage();
            String role = standings[i].words();
            if (outage != null) {
                words.add(inOrder[i].server() + " is down: " + outage.cause().message());
            } else {
                words.add(role == null ? inOrder[i].server() + " is not known yet" : role);
            }
        }
        if (inOrder.length > MOST_NAMED) {
            words.add((inOrder.length - MOST_NAMED) + " more are neither");
        }
        return String.join("; ", words);
    }

    /** What the servers must be. */
    public HostChoice choice() {
        return choice;
    }

    private Standing standing(HostPort address) {
        return standings[index(address)];
    }

    private int index(HostPort address) {
        for (int i = 0; i < inOrder.length; i++) {
            if (inOrder[i].server().equals(address)) {
                return i;
            }
        }
        throw new IllegalArgumentException(address + " is none of these");
    }

    // ---- whether they are there

    /** The breaker of one of these addresses. */
    public Breaker at(HostPort address) {
        return inOrder[index(address)];
    }

    /** Whether every one of them works, as far as is known. */
    public boolean areUp() {
        for (Breaker server : inOrder) {
            if (server.isDown()) {
                return false;
            }
        }
        return true;
    }

    /** What is wrong, if all are down; of the first, unless waiting for another may help. */
    public @Nullable Outage outage() {
        Outage found = null;
        for (Breaker server : inOrder) {
            Outage outage = server.outage();
            if (outage == null) {
                return null;
            }
            if (found == null
                    || (!found.cause().passesByWaiting() && outage.cause().passesByWaiting())) {
                found = outage;
            }
        }
        return found;
    }

    /** The last failed connect that no success has followed, of any of them, or null. */
    public @Nullable BackendFailure failure() {
        for (Breaker server : inOrder) {
            BackendFailure failure = server.failure();
            if (failure != null) {
                return failure;
            }
        }
        return null;
    }

    /** How long to wait before one of them may be used again; at least a millisecond. */
    public long nanosToChange() {
        long now = clock.getAsLong();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < inOrder.length; i++) {
            boolean down = inOrder[i].isDown() || choice.target() == TargetSessionAttrs.ANY;
            long change = down ? inOrder[i].nanosToChange() : Math.max(1_000_000, standings[i].nanosToChange(now));
            least = Math.min(least, change);
        }
        return least;
    }

    /** Of the server that connections are opened to, or of the first. */
    public BreakerState state() {
        Breaker next = next(1, 0);
        return (next == null ? inOrder[0] : next).state();
    }

    /** What the statements of this database may be repeated from. */
    public RetryBudget retries() {
        return retries;
    }

    /** One that is down, and that nobody probes; or null. */
    public @Nullable Breaker unattended() {
        for (Breaker server : inOrder) {
            if (server.isUnattended()) {
                return server;
            }
        }
        return null;
    }

    public void listen(BreakerListener listener) {
        for (Breaker server : inOrder) {
            server.listen(listener);
        }
    }

    public void unlisten(BreakerListener listener) {
        for (Breaker server : inOrder) {
            server.unlisten(listener);
        }
    }
}
