package io.pgweir.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.WireClient;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What KILL tells those whom it catches in the middle of something. */
class AdminKillTest extends RunningConsole {
    private static String database = "";

    @BeforeAll
    static void create() throws Exception {
        database = POSTGRES.createDatabase();
    }

    @AfterAll
    static void drop() throws Exception {
        POSTGRES.dropDatabase(database);
    }

    @Override
    String database() {
        return database;
    }

    private Map<String, String> holder(String state) {
        return await().until(
                        () -> Consoles.rows(console, "SHOW HOLDERS").stream()
                                .filter(row -> row.get("state").equals(state))
                                .findFirst()
                                .orElse(null),
                        Objects::nonNull);
    }

    @Test
    void inTheMiddleOfAMessageNothingIsSaid() throws Exception {
        start();
        try (WireClient client = login()) {
            client.send(Frontend.query("COPY (SELECT repeat('x', 50000000)) TO STDOUT"));
            client.readUntil('H');
            Consoles.run(console, "KILL CLIENT " + holder("slow_client").get("client_id"));
            String rest = new String(client.socket().getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            assertThat(rest.length()).isLessThan(50_000_000);
            assertThat(rest.replace("x", "")).doesNotContain("57P01", "FATAL");
        }
    }

    @Test
    void theOutcomeOfACommitUnderWayIsUnknownToAPinnedClient() throws Exception {
        start();
        try (WireClient client = login()) {
            client.query("CREATE TEMPORARY TABLE mine (a int)"); // no other backend can replace this one
            client.query("CREATE TABLE done (a int)");
            client.query("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
                    + " 'BEGIN PERFORM pg_sleep(1); RETURN NEW; END'");
            client.query("CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON done DEFERRABLE INITIALLY DEFERRED"
                    + " FOR EACH ROW EXECUTE FUNCTION slow()");
            client.query("BEGIN");
            client.query("INSERT INTO done VALUES (1)");
            String pid = client.value("SELECT pg_backend_pid()");
            client.send(Frontend.query("COMMIT"));
            await().until(() -> POSTGRES.backends(database).stream()
                    .anyMatch(backend ->
                            "active".equals(backend.state()) && backend.query().equals("COMMIT")));
            Consoles.run(console, "KILL BACKEND " + pid);
            var last = client.readUntilClosed();
            assertThat(last).hasSize(1);
            assertThat(last.get(0).fields())
                    .containsEntry('S', "FATAL")
                    .containsEntry('C', "08007")
                    .hasEntrySatisfying('M', text -> assertThat(text).endsWith("closed before it had answered"))
                    .hasEntrySatisfying('D', text -> assertThat(text).contains("KILL BACKEND"));
        }
    }
}
