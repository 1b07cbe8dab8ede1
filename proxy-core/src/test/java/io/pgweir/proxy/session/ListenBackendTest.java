package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.query;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The backend that listens for everybody: what it costs, who waits for it, and what happens when it or a client fails. */
class ListenBackendTest extends ListenHarness {
    @Test
    void theListeningBackendIsOneMoreIfItShall() throws Exception {
        start("connection_limit", "1", "listen_extra_connection", "true");
        try (WireClient client = login();
                WireClient other = login()) {
            client.query("LISTEN news");
            assertThat(other.query("BEGIN; SELECT 1")).endsWith("Z[T]");
            assertThat(backends()).hasSize(2);
            notifyDirectly("news", "1");
            assertThat(client.read().toString()).endsWith(" news 1]");
            other.query("COMMIT");
            client.query("UNLISTEN news");
        }
        awaitNoListener();
    }

    @Test
    void withASingleBackendTheClientKeepsIt() throws Exception {
        start("connection_limit", "1");
        try (WireClient client = login()) {
            client.query("LISTEN news");
            notifyDirectly("news", "1");
            assertThat(client.read().toString()).endsWith(" news 1]");
            assertThat(backends()).hasSize(1);
            assertThat(client.query("DISCARD ALL")).contains("C[DISCARD ALL]");
            try (WireClient other = login()) {
                assertThat(other.value("SELECT 1")).isEqualTo("1");
            }
        }
    }

    @Test
    void aLostListeningBackendIsReplacedAndTheClientsAreTold() throws Exception {
        start("connection_limit", "3");
        try (WireClient client = login();
                WireClient other = login()) {
            client.query("LISTEN a");
            other.query("LISTEN b");
            for (int round = 0; round < 3; round++) {
                int pid = listeners().get(0).pid();
                postgres.terminate(pid);
                for (WireClient one : List.of(client, other)) {
                    assertThat(one.read().toString())
                            .isEqualTo("N[01W01 notifications may have been lost: the backend that listened for it was"
                                    + " lost and has been replaced]");
                }
                assertThat(listeners()).hasSize(1).noneMatch(backend -> backend.pid() == pid);
                notifyDirectly("a", "again");
                notifyDirectly("b", "too");
                assertThat(client.read().toString()).endsWith(" a again]");
                assertThat(other.read().toString()).endsWith(" b too]");
                assertThat(client.value("SELECT 1")).isEqualTo("1");
            }
            assertThat(proxy.pool(database, "postgres").allMetrics().stream()
                            .mapToLong(metrics -> metrics.gapsOfBackend.get())
                            .sum())
                    .isEqualTo(6);
        }
    }

    /** @param next what came behind them */
    private record Heard(int count, ServerMessage next) {}

    /** Reads the notifications of channel a, which begin with 0, 1, 2 ... */
    private static Heard readNumbered(WireClient client) throws IOException {
        int count = 0;
        ServerMessage message = client.read();
        while (message.type() == 'A') {
            assertThat(message.toString()).contains(" a " + count + "x");
            count++;
            message = client.read();
        }
        return new Heard(count, message);
    }

    @Test
    void aClientThatDoesNotReadIsToldWhatItMissed() throws Exception {
        start("connection_limit", "3", "listen_buffer", "20000");
        try (WireClient slow = login();
                WireClient quick = login()) {
            slow.query("LISTEN a");
            quick.query("LISTEN a");
            slow.query("BEGIN");
            slow.query("SELECT 1");
            String payload = "x".repeat(900);
            int sent = 100;
            for (int i = 0; i < sent; i++) {
                notifyDirectly("a", i + payload);
                assertThat(quick.read().toString()).contains(" a " + i + "x");
            }
            slow.query("COMMIT");
            Heard heard = readNumbered(slow);
            assertThat(heard.count()).isBetween(15, 22);
            assertThat(heard.next().toString())
                    .isEqualTo(
                            "N[01W01 notifications may have been lost: more than listen_buffer waited for this client]");
            notifyDirectly("a", "next");
            assertThat(slow.read().toString()).endsWith(" a next]");
            assertThat(proxy.pool(database, "postgres").allMetrics().stream()
                            .mapToLong(metrics -> metrics.notificationsDropped.get())
                            .sum())
                    .isEqualTo(sent - heard.count());
        }
    }

    @Test
    void aClientWhoseSocketIsFullIsBoundedAndHoldsUpNobody() throws Exception {
        start("connection_limit", "3", "listen_buffer", "50000");
        try (WireClient slow = login();
                WireClient quick = login()) {
            slow.query("LISTEN a");
            quick.query("LISTEN a");
            int inOneCommit = 4;
            try (var statement = direct.prepareStatement(
                    "SELECT pg_notify('a', g || repeat('x', 7900)) FROM generate_series(?, ?) g")) {
                for (int i = 0; i < 3000; i += inOneCommit) {
                    statement.setInt(1, i);
                    statement.setInt(2, i + inOneCommit - 1);
                    statement.execute();
                    for (int n = 0; n < inOneCommit; n++) {
                        assertThat(quick.read().toString()).contains(" a " + (i + n) + "x");
                    }
                }
            }
            Heard heard = readNumbered(slow);
            assertThat(heard.next().toString()).startsWith("N[01W01 ");
            assertThat(heard.count()).isLessThan(3000);
            assertThat(slow.query("UNLISTEN *")).endsWith("C[UNLISTEN] Z[I]");
        }
    }

    @Test
    void whenEveryBackendIsHeldAListenWaitsLikeAnyStatementAndCanBeCancelled() throws Exception {
        start("connection_limit", "2", "pool_timeout", "700ms", "shuffle", "false");
        try (WireClient one = login();
                WireClient two = login();
                WireClient three = login()) {
            one.query("BEGIN; SELECT 1");
            two.query("BEGIN; SELECT 1");
            assertThat(three.query("LISTEN a"))
                    .startsWith("E[53300 pool timeout: ")
                    .endsWith("Z[I]");
            three.query("BEGIN");
            assertThat(three.exchange(Frontend.unnamed("LISTEN a"), sync()))
                    .startsWith("E[53300 pool timeout: ")
                    .endsWith("Z[E]");
            three.query("ROLLBACK");
            three.send(query("LISTEN a"));
            await().until(() -> proxy.pool(database, "postgres").waiting() == 1);
            three.cancel();
            assertThat(ServerMessage.transcript(three.readUntilReady())).startsWith("E[57014 ");
            // In a transaction nobody waits long for a second backend: the client keeps the one it has.
            assertThat(one.query("LISTEN a")).isEqualTo("C[LISTEN] Z[T]");
            assertThat(one.query("COMMIT")).isEqualTo("C[COMMIT] Z[I]");
            notifyDirectly("a", "pinned");
            assertThat(one.read().toString()).endsWith(" a pinned]");
            two.query("ROLLBACK");
        }
    }

    @Test
    void aClientThatLeavesWhileItWaitsLeavesNothing() throws Exception {
        start("connection_limit", "2", "pool_timeout", "5s", "shuffle", "false");
        try (WireClient one = login();
                WireClient two = login()) {
            one.query("BEGIN; SELECT 1");
            two.query("BEGIN; SELECT 1");
            WireClient three = login();
            three.send(query("LISTEN a"));
            await().until(() -> proxy.pool(database, "postgres").waiting() == 1);
            three.close();
            one.query("COMMIT");
            two.query("COMMIT");
            awaitNoListener();
            proxy.awaitQuiet();
        }
    }

    @Test
    void aClientThatLeavesInATransactionLeavesNoListeningBackendBehind() throws Exception {
        start("connection_limit", "2");
        WireClient client = login();
        client.query("BEGIN; LISTEN a");
        client.close();
        awaitNoListener();
        proxy.awaitQuiet();
        try (WireClient other = login()) {
            assertThat(other.value("SELECT count(*) FROM pg_listening_channels()"))
                    .isEqualTo("0");
        }
    }

    @Test
    void theLimitIsExactWhileListenersComeAndGo() throws Exception {
        start("connection_limit", "2", "pool_timeout", "10s");
        int most = 0;
        for (int i = 0; i < 20; i++) {
            try (WireClient client = login();
                    WireClient other = login()) {
                client.send(query("LISTEN c" + i));
                other.send(query("SELECT " + i));
                assertThat(ServerMessage.transcript(client.readUntilReady())).isEqualTo("C[LISTEN] Z[I]");
                other.readUntilReady();
                most = Math.max(most, backends().size());
                if (i % 3 == 0 && !listeners().isEmpty()) {
                    postgres.terminate(listeners().get(0).pid());
                    assertThat(client.read(Duration.ofSeconds(10)).toString()).startsWith("N[01W01 ");
                    most = Math.max(most, backends().size());
                }
            }
        }
        assertThat(most).isLessThanOrEqualTo(2);
    }

    @Test
    void aClientThatListensAndIdlesHoldsNoBackend() throws Exception {
        start("connection_limit", "2", "pool_timeout", "5s");
        List<WireClient> listening = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            WireClient client = login();
            listening.add(client);
            assertThat(client.query("LISTEN news")).isEqualTo("C[LISTEN] Z[I]");
        }
        assertThat(listeners()).hasSize(1);
        assertThat(backends()).hasSizeLessThanOrEqualTo(2);
        try (WireClient other = login()) {
            assertThat(other.query("BEGIN")).isEqualTo("C[BEGIN] Z[T]");
            assertThat(other.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                            + " AND application_name NOT IN ('testkit', 'pgweir listen')"))
                    .isEqualTo("1");
            notifyDirectly("news", "hello");
            for (WireClient client : listening) {
                assertThat(client.read().toString()).isEqualTo("A[" + directPid() + " news hello]");
            }
            assertThat(other.query("COMMIT")).isEqualTo("C[COMMIT] Z[I]");
            assertThat(other.value("SELECT count(*) FROM pg_listening_channels()"))
                    .isEqualTo("0");
        }
        assertThat(listening.get(0).query("UNLISTEN *")).isEqualTo("C[UNLISTEN] Z[I]");
        for (WireClient client : listening) {
            client.close();
        }
        awaitNoListener();
        proxy.awaitQuiet();
    }

    @Test
    void aClientKeepsItsBackendIfTheSettingSaysSo() throws Exception {
        start("listen_mode", "pin");
        try (WireClient client = login()) {
            client.query("LISTEN news");
            assertThat(client.value("SELECT string_agg(c, ',') FROM pg_listening_channels() AS c"))
                    .isEqualTo("news");
            notifyDirectly("news", "1");
            assertThat(client.read().toString()).endsWith(" news 1]");
            assertThat(listeners()).isEmpty();
        }
    }

    @Test
    void inSessionModeNothingIsChanged() throws Exception {
        start("pool_mode", "session");
        try (WireClient client = login()) {
            assertThat(client.query("LISTEN news; NOTIFY news, 'x'")).contains(" news x] Z[I]");
            assertThat(listeners()).isEmpty();
        }
    }
}
