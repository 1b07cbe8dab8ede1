package io.pgweir.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgweir.proxy.testkit.WireClient;
import java.sql.Connection;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AdminStatementsTest extends RunningConsole {
    @BeforeEach
    void start() throws Exception {
        start("statement_statistics", "20");
    }

    @Override
    String database() {
        return "postgres";
    }

    @Test
    void whatStatementsCostIsShownAndBegunAnewByAdministratorsOnly() throws Exception {
        try (WireClient client = login();
                Connection watcher = Consoles.open(proxy, "pgweir", "watcher", "simple")) {
            client.query("select pg_sleep(0.5)");
            client.query("select 1/0");
            client.query("select relname from pg_class limit 5");
            for (int i = 0; i < 60; i++) {
                client.query("select " + i + " as column" + i);
            }
            List<Map<String, String>> rows = Consoles.rows(watcher, "show statements");
            assertThat(rows.get(0))
                    .containsEntry("pool", "postgres/postgres")
                    .containsEntry("statement", "select pg_sleep(?)")
                    .containsEntry("calls", "1")
                    .containsEntry("errors", "")
                    .containsEntry("rows", "1");
            assertThat(Double.parseDouble(rows.get(0).get("p99_seconds"))).isBetween(0.45, 5.0);
            Map<String, String> other = rows.get(rows.size() - 1);
            assertThat(other).containsEntry("statement", "(other)").containsEntry("pool", null);
            assertThat(rows.size()).isBetween(8, 21);
            assertThat(rows.stream()
                            .mapToLong(row -> Long.parseLong(row.get("calls")))
                            .sum())
                    .isEqualTo(63);
            assertThatThrownBy(() -> Consoles.run(watcher, "reset statements")).hasMessageContaining("admin_users");
            Consoles.run(console, "reset statements");
            assertThat(Consoles.rows(watcher, "show statements")).isEmpty();
            client.query("select relname from pg_class limit 5");
            assertThat(Consoles.rows(watcher, "show statements"))
                    .singleElement()
                    .satisfies(row -> assertThat(row).containsEntry("rows", "5"));
        }
    }
}
