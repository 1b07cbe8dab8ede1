package io.pgweir.proxy.auth;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Slows down who guesses passwords, one address at a time (of IPv6 one network of 64 bits). Each has so many wrong passwords to
 * spend as the limit says, and gets as many back each minute. Who has none left waits for the answers; who goes on all the
 * same, over several connections at once, may owe as many again, and is refused while one more would exceed that. Right
 * passwords cost nothing. Thread-safe.
 *
 * <p>The table is bounded. The address that failed longest ago makes room: that loses a count, and never costs another address
 * a login.
 */
public final class FailedLogins {
    static final int MOST_ADDRESSES = 10_000;

    /** Less than the time that clients have for a login. */
    static final long LONGEST_DELAY_NANOS = TimeUnit.SECONDS.toNanos(3);

    private static final double NANOS_PER_MINUTE = TimeUnit.MINUTES.toNanos(1);
    private static final int IPV4 = 4;
    private static final int NETWORK = 8;

    /** @param left below zero: debt */
    private record Account(double left, long at) {}

    private final int limit;
    private final LongSupplier clock;
    private final Map<ByteBuffer, Account> accounts = new LinkedHashMap<>();

    /**
     * @param limit 0: nobody is slowed down
     * @param clock nanoseconds
     */
    public FailedLogins(int limit, LongSupplier clock) {
        this.limit = limit;
        this.clock = clock;
    }

    /** How long, in nanoseconds, this address is refused from now on; 0: it may try. */
    public synchronized long nanosRefused(InetAddress address) {
        if (accounts.isEmpty()) {
            return 0;
        }
        double afterwards = left(accounts.get(key(address))) - 1;
        return afterwards >= -limit ? 0 : nanosToEarn(-limit - afterwards);
    }

    /**
     * A password was wrong.
     *
     * @return how long, in nanoseconds, the answer is to be held back
     */
    public synchronized long failed(InetAddress address) {
        if (limit == 0) {
            return 0;
        }
        ByteBuffer key = key(address);
        double left = Math.max(-2.0 * limit, left(accounts.remove(key)) - 1);
        accounts.put(key, new Account(left, clock.getAsLong()));
        if (accounts.size() > MOST_ADDRESSES) {
            accounts.remove(accounts.keySet().iterator().next());
        }
        return left >= 0 ? 0 : Math.min(LONGEST_DELAY_NANOS, nanosToEarn(-left));
    }

    private double left(@Nullable Account account) {
        if (account == null) {
            return limit;
        }
        return Math.min(limit, account.left + (clock.getAsLong() - account.at) / NANOS_PER_MINUTE * limit);
    }

    private long nanosToEarn(double failures) {
        return (long) Math.ceil(failures * NANOS_PER_MINUTE / limit);
    }

    private static ByteBuffer key(InetAddress address) {
        byte[] bytes = address.getAddress();
        return ByteBuffer.wrap(bytes.length == IPV4 ? bytes : Arrays.copyOf(bytes, NETWORK));
    }
}
