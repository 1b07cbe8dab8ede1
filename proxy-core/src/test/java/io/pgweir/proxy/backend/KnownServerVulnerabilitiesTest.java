package io.pgweir.proxy.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.protocol.auth.ScramKeys;
import io.pgweir.protocol.wire.Limits;
import io.pgweir.proxy.testkit.Backend;
import io.pgweir.proxy.testkit.Frontend;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What other poolers and client libraries let a malicious server do, by the numbers under which it became known. For what
 * clients may try see {@code KnownVulnerabilitiesTest}.
 */
class KnownServerVulnerabilitiesTest {
    private static final byte[] SASL = Backend.authentication(10, ascii("SCRAM-SHA-256\0\0"));

    /** PgBouncer: a long nonce of the server's overflowed a buffer. */
    @ParameterizedTest
    @ValueSource(ints = {500, 5_000, 60_000, 70_000})
    void cve_2026_6665_aLongNonceEndsTheLogin(int length) {
        try (LoginAttempt login = new LoginAttempt()) {
            String nonce = nonce(login) + "x".repeat(length);
            login.serverSends(Backend.authentication(11, ascii("r=" + nonce + ",s=AAAA,i=4096")));
            assertThat(login.failure()).isNotNull();
            assertThat(login.failure().message()).contains("does not speak the PostgreSQL protocol");
            assertThat(login.isConnected()).isFalse();
        }
    }

    /** PgBouncer: an ErrorResponse without SQLSTATE ended the process. */
    @Test
    void cve_2026_6666_anErrorWithoutSqlStateIsAFailureLikeAnother() {
        byte[] noFields = Frontend.raw('E', new byte[] {0});
        byte[] onlyText = Frontend.raw('E', ascii("Mno reason\0\0"));
        byte[] nothing = Frontend.raw('E', new byte[0]);
        byte[] unterminated = Frontend.raw('E', ascii("C"));
        for (byte[] error : new byte[][] {noFields, onlyText, nothing, unterminated}) {
            try (LoginAttempt login = new LoginAttempt()) {
                login.serverSends(error);
                assertThat(login.failure()).isNotNull();
                assertThat(login.failure().message()).isIn("no reason", "the server does not say why");
            }
            try (TestBackend backend = new TestBackend()) {
                backend.connection.ledger().expectQuery();
                backend.serverSends(Frontend.join(error, Backend.readyForQuery('I')));
                assertThat(backend.events).hasSize(2).last().isEqualTo("ready I");
                assertThat(backend.events.get(0)).isIn("error null", "error ");
            }
        }
    }

    /** PgBouncer CVE-2026-6669 and pgjdbc CVE-2026-42198: iterations without bound. */
    @ParameterizedTest
    @ValueSource(
            strings = {"1000001", "2147483647", "4294967296", "99999999999999999999", "0", "-1", "", "1e9", "0x10"})
    void cve_2026_6669_cve_2026_42198_iterationsOutOfBoundsAreNotDerived(String iterations) {
        AtomicReference<Runnable> derivation = new AtomicReference<>();
        try (LoginAttempt login = new LoginAttempt(derivation::set)) {
            login.serverSends(challenge(login, iterations));
            assertThat(login.failure()).isNotNull();
            assertThat(derivation.get()).isNull();
        }
    }

    @Test
    void cve_2026_42198_whoeverDerivesAsksAgainAndAgainWhetherItIsStillWanted() {
        int[] asked = {0};
        assertThat(ScramKeys.derive("secret", new byte[16], Limits.SCRAM_ITERATIONS, () -> ++asked[0] == 3))
                .isNull();
        assertThat(asked[0]).isEqualTo(3);
        assertThat(ScramKeys.derive("secret", new byte[16], 3000, () -> false).clientKey())
                .isEqualTo(ScramKeys.derive("secret", new byte[16], 3000).clientKey());
    }

    /** pgjdbc: the thread went on after the login had timed out. */
    @Test
    void cve_2026_42198_aDerivationEndsWithItsLogin() throws Exception {
        ExecutorService thread = Executors.newSingleThreadExecutor();
        AtomicReference<Future<?>> derivation = new AtomicReference<>();
        try (LoginAttempt login = new LoginAttempt(work -> derivation.set(thread.submit(work)))) {
            login.serverSends(challenge(login, String.valueOf(Limits.SCRAM_ITERATIONS)));
            assertThat(derivation.get()).isNotNull();
            login.timeOut();
            long begun = System.nanoTime();
            derivation.get().get(10, TimeUnit.SECONDS);
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofMillis(300));
            login.channel.runPendingTasks();
            assertThat(login.sent()).isEmpty();
        } finally {
            thread.shutdownNow();
        }
    }

    /** psql: a server that asks for COPY data out of the blue gets what was meant as SQL. */
    @Test
    void cve_2026_6464_dataIsNotAskedOfAClientThatDoesNotCopy() {
        byte[] copyIn = Frontend.raw('G', new byte[] {0, 0, 0});
        try (TestBackend backend = new TestBackend()) {
            backend.connection.ledger().expectQueryWithoutCopy(null);
            backend.serverSends(copyIn);
            assertThat(backend.events).contains("lost DESYNCHRONISED");
            assertThat(backend.clientGot()).isEmpty();
        }
        try (TestBackend backend = new TestBackend()) {
            backend.connection.sendInternalQuery("SELECT 1", ignored -> {});
            backend.serverGot();
            backend.serverSends(copyIn);
            assertThat(backend.events).contains("lost DESYNCHRONISED");
            assertThat(backend.clientGot()).isEmpty();
        }
        for (byte[] unasked : new byte[][] {copyIn, Frontend.raw('W', new byte[] {0, 0, 0})}) {
            try (TestBackend backend = new TestBackend()) {
                backend.connection.ledger().expectSync();
                backend.serverSends(unasked);
                assertThat(backend.events).contains("lost DESYNCHRONISED");
                assertThat(backend.clientGot()).isEmpty();
            }
        }
    }

    private static byte[] challenge(LoginAttempt login, String iterations) {
        return Backend.authentication(11, ascii("r=" + nonce(login) + "server,s=c2FsdHNhbHQ=,i=" + iterations));
    }

    /** Lets the login begin with SCRAM, and gives its nonce. */
    private static String nonce(LoginAttempt login) {
        login.serverSends(SASL);
        String sent = login.sent();
        return sent.substring(sent.indexOf(",r=") + 3);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
