package io.pgweir.proxy.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.Backend;
import io.pgweir.proxy.testkit.FakeConnection;
import io.pgweir.proxy.testkit.FakePostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One pool before several servers. */
@Timeout(60)
class PoolHostsTest {
    /** A server that does not report its role, as before version 14, and answers the question for it. */
    private static FakePostgres old(boolean standby) throws IOException {
        return FakePostgres.start(connection -> {
            connection.startup();
            connection.welcome();
            FakeConnection.Message question = connection.expect('Q');
            assertThat(new String(question.body(), StandardCharsets.UTF_8)).contains("pg_is_in_recovery");
            connection.send(
                    Backend.rowDescription("pg_is_in_recovery", "reset_val"),
                    Backend.dataRow(standby ? "t" : "f", "off"),
                    Backend.commandComplete("SELECT 1"),
                    Backend.readyForQuery('I'));
            connection.echoUntilClosed();
        });
    }

    @Test
    void theLimitHoldsOverAllHostsAndChanceUsesEach() throws Exception {
        try (FakePostgres first = FakePostgres.echoing();
                FakePostgres second = FakePostgres.echoing();
                PoolHarness harness = PoolHarness.before(
                        List.of(first, second), 2, "connection_limit", "20", "load_balance_hosts", "random")) {
            List<TestClient> clients = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                clients.add(harness.client(i).ask());
            }
            harness.awaitBusy(20);
            assertThat(harness.pool().waiting()).isEqualTo(10);
            assertThat(first.open() + second.open()).isEqualTo(20);
            assertThat(first.open()).as("one in a million that it is none").isPositive();
            assertThat(second.open()).isPositive();
            for (TestClient client : clients) {
                client.backend();
                client.release();
            }
            assertThat(first.accepted() + second.accepted()).isEqualTo(20);
        }
    }

    @Test
    void aServerThatDoesNotReportItsRoleIsAsked() throws Exception {
        try (FakePostgres first = old(true);
                FakePostgres second = old(false);
                PoolHarness harness =
                        PoolHarness.before(List.of(first, second), 1, "target_session_attrs", "read-write")) {
            TestClient client = harness.client(0).ask();
            assertThat(client.backend().host().port()).isEqualTo(second.port());
            await().untilAsserted(() -> assertThat(first.open()).isZero());
            client.release();
            harness.awaitIdle(1);
        }
    }

    @Test
    void aServerOfNoUseIsAskedAgainAndTheErrorSaysWhatItIs() throws Exception {
        try (FakePostgres first = old(true);
                PoolHarness harness = PoolHarness.before(List.of(first), 1, "target_session_attrs", "primary")) {
            TestClient client = harness.client(0).ask(TimeUnit.MILLISECONDS.toNanos(300));
            CheckoutFailure failure = client.failure();
            assertThat(failure.reason()).isEqualTo(CheckoutFailure.Reason.NO_HOST);
            assertThat(String.valueOf(failure.cause())).contains(first.port() + " is a standby");
            assertThat(first.accepted()).as("questions in 300 ms").isBetween(2, 7);
        }
    }
}
