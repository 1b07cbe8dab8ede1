package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.backend.StatementBudget;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What clients that have logged in may take of pgweir: statements, names, and memory for what waits. */
class ClientBoundsTest {
    private final RealPostgres postgres = RealPostgres.get();

    @Test
    void oneStatementTooManyIsAnErrorAndTheOthersWork() throws IOException {
        try (RunningProxy proxy = RunningProxy.before(postgres, "client_statement_limit", "3");
                WireClient client = login(proxy)) {
            for (int i = 0; i < 3; i++) {
                assertThat(client.exchange(Frontend.parse("s" + i, "SELECT " + i), Frontend.sync()))
                        .isEqualTo("1 Z[I]");
            }
            assertThat(client.exchange(
                            Frontend.unnamed("SELECT 'before'"),
                            Frontend.parse("s3", "SELECT 3"),
                            Frontend.bind("", "s3"),
                            Frontend.execute("", 0),
                            Frontend.sync()))
                    .contains("D[before]", "E[53400 too many prepared statements: this client has 3 of 3")
                    .doesNotContain("D[3]")
                    .endsWith("Z[I]");
            assertThat(client.exchange(Frontend.bind("", "s2"), Frontend.execute("", 0), Frontend.sync()))
                    .contains("D[2]");
            client.exchange(Frontend.closeStatement("s0"), Frontend.sync());
            assertThat(client.exchange(Frontend.parse("s3", "SELECT 3"), Frontend.sync()))
                    .isEqualTo("1 Z[I]");
            assertThat(client.query("DEALLOCATE s1")).isEqualTo("C[DEALLOCATE] Z[I]");
            assertThat(client.exchange(Frontend.parse("s4", "SELECT 4"), Frontend.sync()))
                    .isEqualTo("1 Z[I]");
        }
    }

    @Test
    void whatTheStatementsOfAllClientsTakeIsGivenBack() throws IOException {
        try (RunningProxy proxy = RunningProxy.before(postgres);
                WireClient one = login(proxy);
                WireClient other = login(proxy)) {
            StatementBudget all = proxy.proxy().pools().statementBudget;
            String text = "SELECT '" + "x".repeat(10_000) + "'";
            one.exchange(Frontend.parse("s", text), Frontend.sync());
            other.exchange(Frontend.parse("s", text), Frontend.parse("t", "SELECT 1"), Frontend.sync());
            assertThat(all.held()).isBetween(10_000L, 11_000L);
            assertThat(one.exchange(Frontend.parse("u", "SELECT 1 FROM nowhere"), Frontend.sync()))
                    .startsWith("E[42P01");
            one.exchange(Frontend.closeStatement("s"), Frontend.sync());
            assertThat(all.held()).isBetween(10_000L, 11_000L);
            other.query("DEALLOCATE s");
            assertThat(all.held()).isBetween(1L, 999L);
            other.query("DISCARD ALL");
            assertThat(all.held()).isZero();
            one.exchange(Frontend.parse("s", text), Frontend.sync());
            other.exchange(Frontend.parse("s", text), Frontend.sync());
            one.reset();
            other.send(Frontend.terminate());
            await().until(() -> all.held() == 0);
        }
    }

    @Test
    void itFailsATransactionAndLeavesTheUnnamedStatementAlone() throws IOException {
        try (RunningProxy proxy = RunningProxy.before(postgres, "client_statement_limit", "1");
                WireClient client = login(proxy)) {
            client.exchange(Frontend.parse("s0", "SELECT 0"), Frontend.sync());
            client.query("BEGIN");
            client.query("SELECT 1");
            assertThat(client.exchange(Frontend.parse("s1", "SELECT 1"), Frontend.sync()))
                    .startsWith("E[53400")
                    .endsWith("Z[E]");
            assertThat(client.query("ROLLBACK")).isEqualTo("C[ROLLBACK] Z[I]");
            client.exchange(Frontend.parse("", "SELECT 'unnamed'"), Frontend.sync());
            client.exchange(Frontend.parse("s1", "SELECT 1"), Frontend.sync());
            assertThat(client.exchange(Frontend.bind("", ""), Frontend.execute("", 0), Frontend.sync()))
                    .contains("D[unnamed]");
        }
    }

    @Test
    void longTextsAreBoundedTogether() throws IOException {
        try (RunningProxy proxy = RunningProxy.before(postgres);
                WireClient client = login(proxy)) {
            String filling = "x".repeat(12_000_000);
            int taken = 0;
            String answer;
            do {
                answer = client.exchange(
                        Frontend.parse("s" + taken, "SELECT length('" + filling + "') -- " + taken), Frontend.sync());
                taken++;
            } while (answer.equals("1 Z[I]") && taken < 10);
            assertThat(taken).isEqualTo(3);
            assertThat(answer).startsWith("E[53400").contains("33554432 bytes").endsWith("Z[I]");
            assertThat(client.exchange(Frontend.bind("", "s1"), Frontend.execute("", 0), Frontend.sync()))
                    .contains("D[12000000]");
        }
    }

    @Test
    void namesThatNobodyGivesEndTheConnection() throws IOException {
        String name = "n".repeat(2000);
        try (RunningProxy proxy = RunningProxy.before(postgres)) {
            for (byte[] message : List.of(Frontend.parse(name, "SELECT 1"), Frontend.bind(name, ""))) {
                try (WireClient client = login(proxy)) {
                    assertThat(ServerMessage.transcript(client.send(message).readUntilClosed()))
                            .startsWith("E[08P01");
                }
            }
            try (WireClient client = login(proxy)) {
                assertThat(client.exchange(Frontend.parse("n".repeat(900), "SELECT 'long'"), Frontend.sync()))
                        .isEqualTo("1 Z[I]");
                assertThat(client.exchange(
                                Frontend.bind("", "n".repeat(900)), Frontend.execute("", 0), Frontend.sync()))
                        .contains("D[long]");
            }
        }
    }

    @Test
    void whatWaitsIsBoundedInAllAndComesThroughInItsTime() throws Exception {
        int limit = 600_000;
        try (RunningProxy proxy = RunningProxy.before(
                        postgres, "connection_limit", "1", "client_buffer_limit", String.valueOf(limit));
                WireClient holder = login(proxy)) {
            holder.query("BEGIN");
            holder.query("SELECT 1");
            List<WireClient> waiting = new ArrayList<>();
            List<Thread> writers = new ArrayList<>();
            String text = "x".repeat(1_000_000);
            for (int i = 0; i < 20; i++) {
                WireClient client = login(proxy);
                waiting.add(client);
                Thread writer = new Thread(() -> {
                    try {
                        client.send(Frontend.query("SELECT length('" + text + "')"));
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
                writer.start();
                writers.add(writer);
            }
            BufferBudget buffers = proxy.proxy().sessions().buffers();
            await().until(() -> proxy.pool("postgres", "postgres").waiting() == 20);
            await().until(() -> buffers.held() > limit);
            // Beyond the limit each holds at most what one turn of its loop has read.
            await().during(java.time.Duration.ofMillis(200)).until(() -> buffers.held() < limit + 20 * 4 * 16_384);
            try (WireClient late = login(proxy)) {
                byte[] parse = Frontend.parse("s", "SELECT length('" + text + "')");
                assertThat(ServerMessage.transcript(late.send(java.util.Arrays.copyOf(parse, 200_000))
                                .readUntilClosed()))
                        .startsWith("E[53200")
                        .contains("(client_buffer_limit)");
            }
            holder.query("COMMIT");
            for (WireClient client : waiting) {
                assertThat(ServerMessage.transcript(client.readUntilReady())).contains("D[1000000]");
                client.close();
            }
            for (Thread writer : writers) {
                writer.join();
            }
            await().until(() -> buffers.held() == 0);
            try (WireClient later = login(proxy)) {
                assertThat(later.exchange(
                                Frontend.parse("s", "SELECT length('" + text.substring(600_000) + "')"),
                                Frontend.bind("", "s"),
                                Frontend.execute("", 0),
                                Frontend.sync()))
                        .contains("D[400000]");
            }
            await().until(() -> buffers.held() == 0);
        }
    }

    @Test
    void whoLeavesTakesItsBuffersAlong() throws IOException {
        try (RunningProxy proxy = RunningProxy.before(postgres);
                WireClient client = login(proxy)) {
            byte[] parse = Frontend.parse("s", "SELECT '" + "x".repeat(500_000) + "'");
            client.send(java.util.Arrays.copyOf(parse, 300_000));
            BufferBudget buffers = proxy.proxy().sessions().buffers();
            await().until(() -> buffers.held() > 250_000);
            client.reset();
            await().until(() -> buffers.held() == 0);
        }
    }

    private static WireClient login(RunningProxy proxy) throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), "postgres", "postgres", null);
    }
}
