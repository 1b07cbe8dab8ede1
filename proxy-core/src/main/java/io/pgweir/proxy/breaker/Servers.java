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

    private final SeenRoles roles;
    private final LongSupplier clock;
    private final DoubleSupplier random;
    private final List<Consumer<HostPort>> whenLeft = new CopyOnWriteArrayList<>();
    private final List<BreakerListener> listeners = new CopyOnWriteArrayList<>();
    private final RetryBudget retries = new RetryBudget(System::nanoTime);
    /** Changed with the lock of this object; who looks at several of them takes it once. */
    private volatile Members members;

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
        this.roles = roles;
        this.clock = clock;
        this.random = random;
        this.members = Members.of(inOrder, choice, address -> new Standing(choice.target(), settings, random));
    }

    /**
     * Others from now on, or chosen otherwise. What is known of those that stay is kept, unless something else is asked of
     * them.
     */
    synchronized void change(List<Breaker> inOrder, HostChoice choice, BreakerSettings settings) {
        Members before = members;
        boolean sameTarget = before.choice.target() == choice.target();
        Members after = Members.of(inOrder, choice, address -> {
            Standing known = sameTarget ? before.standing(address) : null;
            return known == null ? new Standing(choice.target(), settings, random) : known;
        });
        for (Standing standing : after.standings) {
            standing.settings(settings);
        }
        for (Breaker added : after.inOrder) {
            if (!before.uses(added)) {
                listeners.forEach(added::listen);
            }
        }
        members = after;
        for (Breaker gone : before.inOrder) {
            if (!after.uses(gone)) {
                listeners.forEach(gone::unlisten);
            }
        }
    }

    // ---- which is used

    /**
     * Where a connection is to be opened, by a pool with this limit and so many open; null if there is nowhere for now. Who
     * opens it says so: {@link #connecting}.
     */
    public @Nullable Breaker next(int limit, int open) {
        Members all = members;
        boolean any = all.choice.balance() == LoadBalanceHosts.RANDOM;
        long now = clock.getAsLong();
        Breaker best = null;
        int bestValue = Integer.MAX_VALUE;
        int equals = 0;
        for (int i = 0; i < all.inOrder.length; i++) {
            Breaker server = all.inOrder[i];
            Standing.Rank rank = server.isDown() ? Standing.Rank.NOT_NOW : rank(all, i, now);
            if (rank == Standing.Rank.NOT_NOW || (rank == Standing.Rank.SECOND_CHOICE && isAnyPromising(all, now))) {
                continue;
            }
            int value = rank.ordinal();
            if (any) {
                // Chance needs all of them known; and one on its ramp leaves the work to those that have room.
                value = rank == Standing.Rank.UNKNOWN ? Standing.Rank.WANTED.ordinal() : value;
                value = value * 2 + (server.most(limit) > open ? 0 : 1);
            }
            if (value < bestValue) {
                best = server;
                bestValue = value;
                equals = 1;
            } else if (any && value == bestValue && random.getAsDouble() * ++equals < 1) {
                best = server;
            }
        }
        return best;
    }

    private static Standing.Rank rank(Members all, int i, long now) {
        return all.choice.target() == TargetSessionAttrs.ANY ? Standing.Rank.WANTED : all.standings[i].rank(now);
    }

    private static boolean isAnyPromising(Members all, long now) {
        for (int i = 0; i < all.inOrder.length; i++) {
            if (!all.inOrder[i].isDown() && all.standings[i].isPromising(now)) {
                return true;
            }
        }
        return false;
    }

    /** Whether a backend on this server may be given to a client. On the path of every checkout. */
    public boolean mayServe(HostPort address) {
        Members all = members;
        if (all.choice.target() == TargetSessionAttrs.ANY) {
            return true;
        }
        Standing standing = all.standing(address);
        return standing != null
                && standing.mayServe()
                && !(standing.isSecondChoice() && isAnyPromising(all, clock.getAsLong()));
    }

    /** Whether one of these has this address. */
    public boolean has(HostPort address) {
        return members.index(address) >= 0;
    }

    /** Whether this is one of them, and not another of an address that has gone and come back. */
    public boolean uses(Breaker server) {
        return members.uses(server);
    }

    /** Their addresses. */
    public List<HostPort> addresses() {
        return Arrays.stream(members.inOrder).map(Breaker::server).toList();
    }

    /** Whether this server is no longer what is asked for. */
    public boolean isLeft(HostPort address) {
        return isLeft(members, address);
    }

    private static boolean isLeft(Members all, HostPort address) {
        if (all.choice.target() == TargetSessionAttrs.ANY) {
            return false;
        }
        Standing standing = all.standing(address);
        return standing == null || standing.isUnfit();
    }

    /** Whether clients use servers that are only the second choice, while there is one of the first. */
    public boolean isBetterThan(HostPort address) {
        Members all = members;
        Standing standing = all.standing(address);
        if (standing == null || !standing.isSecondChoice()) {
            return false;
        }
        for (int i = 0; i < all.inOrder.length; i++) {
            if (!all.inOrder[i].isDown() && all.standings[i].isWanted()) {
                return true;
            }
        }
        return false;
    }

    /** One to look at, because only the second choice is in use; null if there is none or it is not time. */
    public @Nullable Breaker perhapsBetter() {
        Members all = members;
        if (all.choice.target() != TargetSessionAttrs.PREFER_STANDBY) {
            return null;
        }
        long now = clock.getAsLong();
        Breaker found = null;
        for (int i = 0; i < all.inOrder.length; i++) {
            if (all.inOrder[i].isDown()) {
                continue;
            }
            Standing.Rank rank = all.standings[i].rank(now);
            if (rank == Standing.Rank.WANTED) {
                return null;
            }
            if (found == null && (rank == Standing.Rank.UNKNOWN || rank == Standing.Rank.SECOND_CHOICE_AGAIN)) {
                found = all.inOrder[i];
            }
        }
        return found;
    }

    // ---- what they are

    /** A connection to it is being opened. */
    public void connecting(Breaker server) {
        Standing standing = members.standing(server.server());
        if (standing != null) {
            standing.connecting(clock.getAsLong());
        }
    }

    /** It could not be opened, or is of no use. */
    public void notConnected(Breaker server, BackendFailure failure) {
        if (failure.kind() == BackendFailure.Kind.UNFIT) {
            if (failure.role() != null) {
                roles.seen(server.server(), failure.role());
            }
            Standing standing = members.standing(server.server());
            left(server.server(), standing != null && standing.unfit(failure.message(), clock.getAsLong()));
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
            Standing standing = members.standing(address);
            left(address, standing != null && standing.is(role, inWords, askedFor, clock.getAsLong()));
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
        Standing standing = members.standing(address);
        return standing != null && standing.doubt(clock.getAsLong());
    }

    /** It may be of no use any more, but that is not likely. */
    public void rumour(HostPort address) {
        Standing standing = members.standing(address);
        if (standing != null) {
            standing.rumour();
        }
    }

    /**
     * True if the caller is to ask it what it is now, because it is in doubt, and to say what came of it: {@link #is} or
     * {@link #unanswered}.
     *
     * @param witness whether the backend to be asked is the one that has refused
     */
    public boolean takeQuestion(HostPort address, boolean witness) {
        Standing standing = members.standing(address);
        return standing != null && standing.isDoubted() && standing.takeQuestion(witness, clock.getAsLong());
    }

    /** The same for what is not urgent as well. */
    public boolean takeAnyQuestion(HostPort address) {
        Standing standing = members.standing(address);
        return standing != null && standing.isRumoured() && standing.takeQuestion(false, clock.getAsLong());
    }

    public void unanswered(HostPort address) {
        Standing standing = members.standing(address);
        if (standing != null) {
            standing.unanswered();
        }
    }

    /** Whether connecting to any of them is pointless, as far as is known. */
    public boolean areOfNoUse() {
        return outage() != null || noneFits() != null;
    }

    /** What each server is, while none can be used although one is up; else null. */
    public @Nullable BackendFailure noneFits() {
        Members all = members;
        boolean unfit = false;
        for (Breaker server : all.inOrder) {
            if (!server.isDown()) {
                if (!isLeft(all, server.server())) {
                    return null;
                }
                unfit = true;
            }
        }
        return unfit ? BackendFailure.unfit(inWords(all)) : null;
    }

    private static String inWords(Members all) {
        List<String> words = new ArrayList<>();
        for (int i = 0; i < all.inOrder.length && i < MOST_NAMED; i++) {
            HostPort server = all.inOrder[i].server();
            Outage outage = all.inOrder[i].outage();
            String role = all.standings[i].words();
            if (outage != null) {
                words.add(server + " is down: " + outage.cause().message());
            } else {
                words.add(role == null ? server + " is not known yet" : role);
            }
        }
        if (all.inOrder.length > MOST_NAMED) {
            words.add((all.inOrder.length - MOST_NAMED) + " more are neither");
        }
        return String.join("; ", words);
    }

    /** What the servers must be. */
    public HostChoice choice() {
        return members.choice;
    }

    // ---- whether they are there

    /** The breaker of one of these addresses; null: it is none of them any more. */
    public @Nullable Breaker at(HostPort address) {
        Members all = members;
        int i = all.index(address);
        return i < 0 ? null : all.inOrder[i];
    }

    /** Whether every one of them works, as far as is known. */
    public boolean areUp() {
        for (Breaker server : members.inOrder) {
            if (server.isDown()) {
                return false;
            }
        }
        return true;
    }

    /** What is wrong, if all are down; of the first, unless waiting for another may help. */
    public @Nullable Outage outage() {
        Outage found = null;
        for (Breaker server : members.inOrder) {
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
        for (Breaker server : members.inOrder) {
            BackendFailure failure = server.failure();
            if (failure != null) {
                return failure;
            }
        }
        return null;
    }

    /** How long to wait before one of them may be used again; at least a millisecond. */
    public long nanosToChange() {
        Members all = members;
        long now = clock.getAsLong();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < all.inOrder.length; i++) {
            Breaker server = all.inOrder[i];
            boolean down = server.isDown() || all.choice.target() == TargetSessionAttrs.ANY;
            long change = down ? server.nanosToChange() : Math.max(1_000_000, all.standings[i].nanosToChange(now));
            least = Math.min(least, change);
        }
        return least;
    }

    /** Of the server that connections are opened to, or of the first. */
    public BreakerState state() {
        Breaker next = next(1, 0);
        return (next == null ? members.inOrder[0] : next).state();
    }

    /** What the statements of this database may be repeated from. */
    public RetryBudget retries() {
        return retries;
    }

    /** One that is down, and that nobody probes; or null. */
    public @Nullable Breaker unattended() {
        for (Breaker server : members.inOrder) {
            if (server.isUnattended()) {
                return server;
            }
        }
        return null;
    }

    public synchronized void listen(BreakerListener listener) {
        listeners.add(listener);
        for (Breaker server : members.inOrder) {
            server.listen(listener);
        }
    }

    public synchronized void unlisten(BreakerListener listener) {
        listeners.remove(listener);
        for (Breaker server : members.inOrder) {
            server.unlisten(listener);
        }
    }
}
