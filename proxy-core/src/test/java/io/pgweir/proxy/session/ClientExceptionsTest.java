package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The operator's exceptions for users and applications, the idle limit of clients, and error codes that can be set. */
class ClientExceptionsTest {
    private final RealPostgres postgres = RealPostgres.get();
    private String database = "";

    @TempDir
    private Path directory;

    @BeforeEach
    void createDatabase() throws Exception {
        database = postgres.createDatabase();
    }

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "session"})
    void theApplicationCountsBeforeTheUserAndTheUserBeforeThePool(String mode) throws Exception {
        String file = file("""
                users:
                  postgres: {statement_timeout: 20s, pool_timeout: 9s}
                applications:
                  pg_dump: {statement_timeout: off}
                  "migrate-*": {statement_timeout: 1h}
                  migrate-small: {statement_timeout: 3s}
                """);
        try (RunningProxy proxy =
                        RunningProxy.before(postgres, "config", file, "statement_timeout", "500ms", "pool_mode", mode);
                WireClient nobody = login(proxy);
                WireClient dump = login(proxy, "application_name", "pg_dump");
                WireClient small = login(proxy, "application_name", "migrate-small");
                WireClient large = login(proxy, "options", "-c application_name=migrate-large")) {
            assertThat(nobody.value("show pgweir.statement_timeout")).isEqualTo("20s");
            assertThat(nobody.value("show pgweir.pool_timeout")).isEqualTo("9s");
            assertThat(dump.value("show pgweir.statement_timeout")).isEqualTo("off");
            assertThat(dump.value("show pgweir.pool_timeout")).isEqualTo("9s");
            assertThat(small.value("show pgweir.statement_timeout")).isEqualTo("3s");
            assertThat(large.value("show pgweir.statement_timeout")).isEqualTo("1h");
            assertThat(large.query("set pgweir.statement_timeout = 2h")).contains("1h instead of 2h");
            assertThat(dump.query("select pg_sleep(0.7)")).endsWith("C[SELECT 1] Z[I]");
            dump.query("set application_name = 'other'");
            assertThat(dump.value("show pgweir.statement_timeout")).isEqualTo("20s");
            dump.query("begin");
            dump.query("set local application_name = 'pg_dump'");
            assertThat(dump.value("show pgweir.statement_timeout")).isEqualTo("off");
            dump.query("rollback");
            assertThat(dump.value("show pgweir.statement_timeout")).isEqualTo("20s");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "session"})
    void anIdleClientIsClosedOutsideOfATransactionOnly(String mode) throws Exception {
        try (RunningProxy proxy = RunningProxy.before(postgres, "client_idle_timeout", "1500ms", "pool_mode", mode);
                WireClient idle = login(proxy);
                WireClient deferred = login(proxy);
                WireClient open = login(proxy);
                WireClient busy = login(proxy)) {
            deferred.query("begin");
            open.query("begin");
            open.query("select 1");
            long begin = System.nanoTime();
            assertThat(idle.query("select 1")).endsWith("Z[I]");
            assertThat(busy.query("select pg_sleep(1.8)")).endsWith("Z[I]");
            assertThat(idle.readUntilClosed().toString()).contains("57P05").contains("client_idle_timeout");
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThan(Duration.ofMillis(1500));
            assertThat(deferred.query("select 1")).endsWith("Z[T]");
            assertThat(open.query("commit")).endsWith("Z[I]");
            assertThat(busy.query("set pgweir.client_idle_timeout = '100ms'")).endsWith("Z[I]");
            assertThat(busy.readUntilClosed().toString()).contains("57P05");
        }
    }

    @Test
    void anErrorGoesByTheCodeThatThePoolGivesIt() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(
                        postgres,
                        "connection_limit",
                        "1",
                        "pool_timeout",
                        "50ms",
                        "pool_timeout_sqlstate",
                        "53400",
                        "statement_timeout",
                        "200ms",
                        "statement_timeout_sqlstate",
                        "57P04",
                        "idle_in_transaction_timeout",
                        "150ms",
                        "idle_in_transaction_timeout_sqlstate",
                        "25P99");
                WireClient holder = login(proxy);
                WireClient client = login(proxy)) {
            holder.query("begin");
            holder.query("select 1");
            assertThat(client.query("select 1")).contains("E[53400");
            assertThat(holder.query("rollback")).endsWith("Z[I]");
            assertThat(client.query("select pg_sleep(5)")).contains("E[57P04");
            holder.query("begin");
            holder.query("select 1");
            await().atMost(Duration.ofSeconds(5))
                    .until(() -> "0"
                            .equals(postgres.queryForString(
                                    "select count(*) from pg_stat_activity where state like 'idle in%' and datname = '"
                                            + database + "'")));
            assertThat(holder.query("select 1")).contains("E[25P99").endsWith("Z[E]");
        }
    }

    @Test
    void anUnreachableBackendToo() throws Exception {
        try (RunningProxy proxy =
                        RunningProxy.at("postgresql://127.0.0.1:1/*", "backend_unavailable_sqlstate", "53300");
                WireClient client = login(proxy)) {
            assertThat(client.query("select 1")).contains("E[53300").contains("no backend of pool");
        }
    }

    private String file(String yaml) throws Exception {
        return Files.writeString(directory.resolve("pgweir.yaml"), yaml).toString();
    }

    private WireClient login(RunningProxy proxy, String... startup) throws Exception {
        Map<String, String> parameters = new HashMap<>(Map.of("database", database, "user", "postgres"));
        for (int i = 0; i < startup.length; i += 2) {
            parameters.put(startup[i], startup[i + 1]);
        }
        return WireClient.login(proxy.host(), proxy.port(), parameters, null);
    }
}
