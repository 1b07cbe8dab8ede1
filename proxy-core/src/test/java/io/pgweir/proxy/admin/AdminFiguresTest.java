package io.pgweir.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;

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
            assertThat(stats()).containsEntry("total_received", null);
        }
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
