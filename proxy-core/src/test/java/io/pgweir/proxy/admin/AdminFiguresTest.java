package io.pgweir.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.WireClient;
import java.sql.SQLException;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Figures and findings are those of what was really done. */
class AdminFiguresTest extends RunningConsole {
    private static final String DATABASE = "postgres";

    @Override
    String database() {
        return DATABASE;
    }

    @Test
    void countsAreThoseOfTheLoad() throws Exception {
        start();
        try (WireClient client = login()) {
            client.query("SELECT 1");
            long before = Long.parseLong(stats().get("total_query_count"));
            for (int i = 0; i < 40; i++) {
                client.query("SELECT " + i);
            }
            assertThat(Long.parseLong(stats().get("total_query_count")) - before)
                    .isEqualTo(40);
            assertThat(Long.parseLong(stats().get("avg_query_count"))).isPositive();
        }
    }

    @Test
    void statsCountWhatIsPassedOn() throws Exception {
        start("connection_limit", "1");
        try (WireClient client = login();
                WireClient other = login()) {
            Map<String, String> before = stats();
            String sql = "SELECT repeat('x', 1000) FROM generate_series(1, 100)";
            String rows = client.query(sql);
            assertThat(rows).contains("C[SELECT 100]");
            assertThat(difference("total_sent", before)).isBetween(100_000L, 102_000L);
            assertThat(difference("total_received", before)).isEqualTo(Frontend.query(sql).length);
            proxy.awaitQuiet(); // what a client prepares while its backend is being asked is not shared
            byte[] unit = Frontend.join(
                    Frontend.parse("a", "SELECT $1::int"),
                    Frontend.bind("", "a", "1"),
                    Frontend.execute("", 0),
                    Frontend.sync());
            client.exchange(unit);
            other.exchange(unit); // the server knows it
            other.exchange(Frontend.join(Frontend.bind("", "a", "2"), Frontend.execute("", 0), Frontend.sync()));
            assertThat(difference("total_client_parse_count", before)).isEqualTo(2);
            assertThat(difference("total_server_parse_count", before)).isEqualTo(1);
            assertThat(difference("total_bind_count", before)).isEqualTo(3);
            assertThat(stats()).doesNotContainValue(null);
        }
    }

    @Test
    void freeClientsAreThoseThatTheHeapHasRoomFor() throws Exception {
        start("max_clients", "1000000");
        try (WireClient client = login()) {
            assertThat(client.value("SELECT 1")).isEqualTo("1");
            long used = list("used_clients");
            assertThat(used).isEqualTo(1);
            assertThat(list("free_clients"))
                    .isEqualTo(proxy.proxy().sessions().mostClients() - used)
                    .isLessThan(999_999);
        }
    }

    private long list(String name) throws SQLException {
        return Long.parseLong(
                Consoles.row(console, "SHOW LISTS", row -> row.get("list").equals(name))
                        .get("items"));
    }

    private long difference(String figure, Map<String, String> before) throws SQLException {
        return Long.parseLong(stats().get(figure)) - Long.parseLong(before.get(figure));
    }

    private Map<String, String> stats() throws SQLException {
        return Consoles.row(console, "SHOW STATS", row -> row.get("database").equals(DATABASE));
    }

    @Test
    void adviceIsWhatTheIncidentsSayAndHonestIfThereAreNone() throws Exception {
        start("connection_limit", "1", "pool_timeout", "300ms");
        assertThat(Consoles.rows(console, "SHOW ADVICE"))
                .singleElement()
                .satisfies(row -> assertThat(row).containsEntry("advice", "Nothing to advise."));
        try (WireClient idler = login();
                WireClient other = login()) {
            idler.query("BEGIN; SELECT 1");
            assertThat(other.query("SELECT 2")).startsWith("E[53300");
            assertThat(Consoles.rows(console, "SHOW INCIDENTS"))
                    .singleElement()
                    .satisfies(row -> assertThat(row)
                            .containsEntry("cause", "idle_in_transaction")
                            .containsEntry("affected", "1"));
            assertThat(Consoles.row(
                                    console,
                                    "SHOW ADVICE",
                                    row -> row.get("cause").equals("idle_in_transaction"))
                            .get("evidence"))
                    .startsWith("1 requests failed: ");
            idler.query("COMMIT");
        }
    }
}
