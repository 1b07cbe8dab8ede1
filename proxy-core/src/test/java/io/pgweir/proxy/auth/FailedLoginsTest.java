package io.pgweir.proxy.auth;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;

/** Who guesses passwords is slowed down, and nobody else. */
class FailedLoginsTest {
    private long now = Long.MAX_VALUE - SECONDS.toNanos(5); // it may overflow
    private final FailedLogins logins = new FailedLogins(6, () -> now);

    private static InetAddress at(String address) throws UnknownHostException {
        return InetAddress.getByName(address);
    }

    private void fail(String address, int times) throws UnknownHostException {
        for (int i = 0; i < times; i++) {
            logins.failed(at(address), "u");
        }
    }

    @Test
    void theFirstFailuresAreAnsweredAtOnceAndTheNextOnesSlowly() throws Exception {
        for (int i = 0; i < 6; i++) {
            assertThat(logins.failed(at("10.0.0.1"), "u")).as("failure %d", i).isZero();
        }
        assertThat(logins.failed(at("10.0.0.1"), "u")).isEqualTo(FailedLogins.LONGEST_DELAY_NANOS);
        assertThat(logins.nanosRefused(at("10.0.0.1"), "u")).isZero();
    }

    @Test
    void whoGoesOnAllTheSameIsRefusedUntilTheDebtIsLess() throws Exception {
        fail("10.0.0.1", 11);
        assertThat(logins.nanosRefused(at("10.0.0.1"), "u")).isZero();
        fail("10.0.0.1", 1);
        assertThat(logins.nanosRefused(at("10.0.0.1"), "u")).isPositive();
        now += SECONDS.toNanos(9);
        assertThat(logins.nanosRefused(at("10.0.0.1"), "u")).isPositive();
        now += SECONDS.toNanos(1) + 1;
        assertThat(logins.nanosRefused(at("10.0.0.1"), "u")).isZero();
        fail("10.0.0.1", 100); // the debt has a bound
        assertThat(logins.nanosRefused(at("10.0.0.1"), "u")).isBetween(SECONDS.toNanos(69), SECONDS.toNanos(71));
    }

    @Test
    void timeForgives() throws Exception {
        fail("10.0.0.1", 6);
        now += SECONDS.toNanos(10);
        assertThat(logins.failed(at("10.0.0.1"), "u")).isZero();
        assertThat(logins.failed(at("10.0.0.1"), "u")).isPositive();
        now += SECONDS.toNanos(3600);
        for (int i = 0; i < 6; i++) {
            assertThat(logins.failed(at("10.0.0.1"), "u")).isZero();
        }
    }

    @Test
    void noAddressPaysForAnother() throws Exception {
        fail("10.0.0.1", 100);
        assertThat(logins.nanosRefused(at("10.0.0.2"), "u")).isZero();
        assertThat(logins.failed(at("10.0.0.2"), "u")).isZero();
        fail("2001:db8::1", 100);
        assertThat(logins.nanosRefused(at("2001:db8::2:3"), "u"))
                .as("same network")
                .isPositive();
        assertThat(logins.nanosRefused(at("2001:db8:0:1::1"), "u")).isZero();
    }

    @Test
    void theTableIsBoundedAndAFullOneRefusesNobodyElse() throws Exception {
        fail("10.0.0.1", 100);
        for (int i = 0; i < FailedLogins.MOST_ADDRESSES; i++) {
            byte[] address = {11, (byte) (i >> 16), (byte) (i >> 8), (byte) i};
            assertThat(logins.failed(InetAddress.getByAddress(address), "u")).isZero();
        }
        assertThat(logins.nanosRefused(at("10.0.0.1"), "u")).as("forgotten").isZero();
    }

    @Test
    void itCanBeOff() throws Exception {
        FailedLogins off = new FailedLogins(0, () -> now);
        for (int i = 0; i < 1000; i++) {
            assertThat(off.failed(at("10.0.0.1"), "u")).isZero();
            assertThat(off.nanosRefused(at("10.0.0.1"), "u")).isZero();
        }
    }

    @Test
    void othersAtTheSameAddressAreNotRefused() throws Exception {
        fail("10.0.0.1", 100);
        assertThat(logins.nanosRefused(at("10.0.0.1"), "u")).isPositive();
        assertThat(logins.nanosRefused(at("10.0.0.1"), "v")).isZero();
        assertThat(logins.failed(at("10.0.0.1"), "v")).as("but they wait").isPositive();
        assertThat(logins.nanosRefused(at("10.0.0.1"), "v")).isZero();
    }

    @Test
    void longNamesDoNotFillTheMemoryAndCount() throws Exception {
        String name = "n".repeat(10_000);
        for (int i = 0; i < 12; i++) {
            logins.failed(at("10.0.0.1"), name + i);
        }
        assertThat(logins.nanosRefused(at("10.0.0.1"), name)).isPositive();
    }

    @Test
    void anotherLimitCountsForWhatHasBeenWrong() throws Exception {
        fail("10.0.0.1", 12);
        assertThat(logins.nanosRefused(at("10.0.0.1"), "u")).isPositive();
        logins.limit(0);
        assertThat(logins.nanosRefused(at("10.0.0.1"), "u")).as("off").isZero();
        assertThat(logins.failed(at("10.0.0.1"), "u")).as("off").isZero();
        logins.limit(100);
        assertThat(logins.nanosRefused(at("10.0.0.1"), "u")).as("higher").isZero();
        logins.limit(2);
        assertThat(logins.nanosRefused(at("10.0.0.1"), "u"))
                .as("lower, and no more is owed than the lower one lets anybody owe")
                .isPositive()
                .isLessThanOrEqualTo(SECONDS.toNanos(90));
    }
}
