package io.pgweir.proxy.auth;

import io.pgweir.proxy.net.Network;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Slows down who guesses passwords. Each address (of IPv6 each network of 64 bits) has so many wrong passwords to spend as the
 * limit says, and gets as many back each minute; so has each user at an address. An address that has none left waits for its
 * answers. A user who goes on all the same, over several connections at once, may owe as many again, and is refused there while
 * one more would exceed that: others behind the same address still come in. Right passwords cost nothing. Thread-safe.
 *
 * <p>The tables are bounded. Who failed longest ago makes room: that loses a count, and never costs another a login.
 */
public final class FailedLogins {
    static final int MOST_ADDRESSES = 10_000;
    public static final int MOST_USERS = 10_000;

    /** Less than the time that clients have for a login. */
    public static final long LONGEST_DELAY_NANOS = TimeUnit.SECONDS.toNanos(3);

    private static final double NANOS_PER_MINUTE = TimeUnit.MINUTES.toNanos(1);

    /** No role has a longer name; strangers may invent some. */
    private static final int LONGEST_NAME = 64;

    /** @param left below zero: debt */
    private record Account(double left, long at) {}

    /** A user at an address. */
    private record Guesser(Network network, String user) {
        static Guesser of(InetAddress address, String user) {
            return new Guesser(Network.of(address), user.substring(0, Math.min(user.length(), LONGEST_NAME)));
        }
    }

    private int limit;
    private final LongSupplier clock;
    private final Map<Network, Account> networks = new LinkedHashMap<>();
    private final Map<Guesser, Account> guessers = new LinkedHashMap<>();

    /**
     * @param limit 0: nobody is slowed down
     * @param clock nanoseconds
     */
    public FailedLogins(int limit, LongSupplier clock) {
        this.limit = limit;
        this.clock = clock;
    }

    /** Another limit from now on; what has been wrong so far counts. */
    public synchronized void limit(int other) {
        limit = other;
    }

    /** How long, in nanoseconds, this user is refused at this address from now on; 0: it may try. */
    public synchronized long nanosRefused(InetAddress address, String user) {
        if (limit == 0 || guessers.isEmpty()) {
            return 0;
        }
        double afterwards = left(guessers.get(Guesser.of(address, user))) - 1;
        return afterwards >= -limit ? 0 : nanosToEarn(-limit - afterwards);
    }

    /**
     * A password was wrong.
     *
     * @return how long, in nanoseconds, the answer is to be held back
     */
    public synchronized long failed(InetAddress address, String user) {
        if (limit == 0) {
            return 0;
        }
        charge(guessers, Guesser.of(address, user), MOST_USERS);
        double left = charge(networks, Network.of(address), MOST_ADDRESSES);
        return left >= 0 ? 0 : Math.min(LONGEST_DELAY_NANOS, nanosToEarn(-left));
    }

    private <K> double charge(Map<K, Account> accounts, K key, int most) {
        double left = Math.max(mostOwed(), left(accounts.remove(key)) - 1);
        accounts.put(key, new Account(left, clock.getAsLong()));
        if (accounts.size() > most) {
            accounts.remove(accounts.keySet().iterator().next());
        }
        return left;
    }

    private double left(@Nullable Account account) {
        if (account == null) {
            return limit;
        }
        double earned = (clock.getAsLong() - account.at) / NANOS_PER_MINUTE * limit;
        return Math.min(limit, Math.max(mostOwed(), account.left) + earned); // the limit may have been another
    }

    private double mostOwed() {
        return -2.0 * limit;
    }

    private long nanosToEarn(double failures) {
        return (long) Math.ceil(failures * NANOS_PER_MINUTE / limit);
    }
}
