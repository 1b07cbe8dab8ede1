package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.breaker.Breaker;
import io.pgweir.proxy.breaker.BreakerState;
import io.pgweir.proxy.testkit.FaultProxy;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** What an open breaker does to clients and what it does not, and what does not open it. */
class OpenBreakerTest {
    private final RealPostgres postgres = RealPostgres.get();

    private static WireClient login(RunningProxy proxy) throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), "postgres", "postgres", null);
    }

    private static Breaker breaker(RunningProxy proxy) {
        return proxy.proxy().pools().breakers().all().iterator().next();
    }

    @Test
    void whatIsUnderWayGoesOnAndLoginsAreAccepted() throws Exception {
        try (FaultProxy network = FaultProxy.to(postgres.host(), postgres.port(), 1);
                RunningProxy proxy = RunningProxy.before(network, "connection_limit", "2");
                WireClient holder = login(proxy);
                WireClient other = login(proxy)) {
            holder.query("BEGIN");
            String backend = holder.value("SELECT pg_backend_pid()");
            network.closePort();
            await().until(() -> other.query("SELECT 1").contains("breaker open"));
            assertThat(holder.query("SELECT 2")).contains("D[2] C[SELECT 1] Z[T]");
            try (WireClient newcomer = login(proxy)) {
                assertThat(newcomer.query("SELECT 1")).startsWith("E[57P03").endsWith("Z[I]");
                assertThat(holder.query("COMMIT")).isEqualTo("C[COMMIT] Z[I]");
                proxy.awaitQuiet();
                assertThat(newcomer.value("SELECT pg_backend_pid()"))
                        .as("a backend that is open works on")
                        .isEqualTo(backend);
                assertThat(breaker(proxy).isDown()).isTrue();
            }
            network.openPort();
            await().until(() -> breaker(proxy).state() == BreakerState.CLOSED);
        }
    }

    @Test
    void neitherAFullPoolNorErrorsOfStatementsOpenIt() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(
                        postgres,
                        "connection_limit",
                        "1",
                        "statement_timeout",
                        "10ms",
                        "idle_in_transaction_timeout",
                        "0");
                WireClient holder = login(proxy);
                WireClient other = login(proxy)) {
            other.query("SET pgweir.pool_timeout = '10ms'");
            for (int i = 0; i < 50; i++) {
                assertThat(holder.query("SELECT 1/0")).contains("22012");
            }
            for (int i = 0; i < 20; i++) {
                assertThat(holder.query("SELECT pg_sleep(9)")).contains("57014");
            }
            holder.query("BEGIN");
            holder.query("SELECT 1");
            for (int i = 0; i < 50; i++) {
                other.send(Frontend.query("SELECT 1"));
                assertThat(other.readUntilReady().get(0).fields()).containsEntry('C', "53300");
            }
            holder.query("ROLLBACK");
            assertThat(breaker(proxy).entered(BreakerState.OPEN)).isZero();
            assertThat(breaker(proxy).state()).isEqualTo(BreakerState.CLOSED);
        }
    }
}
