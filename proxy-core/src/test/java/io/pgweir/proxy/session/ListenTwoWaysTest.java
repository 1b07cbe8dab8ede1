package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.query;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients whose own backend listens as well, because they keep it or because code has listened that nobody saw. */
class ListenTwoWaysTest extends ListenHarness {
    private static final List<String> CHANNELS = List.of("a", "b", "c");

    @BeforeEach
    void makeCode() throws Exception {
        try (var statement = direct.createStatement()) {
            statement.execute("CREATE FUNCTION hear(channel text) RETURNS int LANGUAGE plpgsql AS"
                    + " $$BEGIN EXECUTE format('LISTEN %I', channel); RETURN 1; END$$");
            statement.execute("CREATE PROCEDURE call_hear(channel text) LANGUAGE plpgsql AS"
                    + " $$BEGIN PERFORM hear(channel); END$$");
            statement.execute("CREATE TABLE heard(channel text)");
            statement.execute("CREATE FUNCTION hear_row() RETURNS trigger LANGUAGE plpgsql AS"
                    + " $$BEGIN PERFORM hear(NEW.channel); RETURN NEW; END$$");
            statement.execute("CREATE TRIGGER hear BEFORE INSERT ON heard FOR EACH ROW EXECUTE FUNCTION hear_row()");
        }
    }

    private static String doListen(String channel) {
        return "DO $$BEGIN EXECUTE 'LISTEN " + channel + "'; END$$";
    }

    private static List<List<String>> programs() {
        String temp = "CREATE TEMP TABLE mine (x int)";
        return List.of(
                List.of(temp, "LISTEN a"),
                List.of("LISTEN a", temp, "LISTEN b"),
                List.of("LISTEN a", temp, "UNLISTEN a", "LISTEN a"),
                List.of("BEGIN", "LISTEN a", temp, "COMMIT", "DROP TABLE mine"),
                List.of("LISTEN a", "SELECT 1; LISTEN b"),
                List.of("LISTEN a", "SELECT 1; LISTEN b", "LISTEN a"),
                List.of("LISTEN a", "SELECT 1; LISTEN a", "LISTEN c"),
                List.of("LISTEN a", "SELECT 1; LISTEN a", "UNLISTEN a", "LISTEN b"),
                List.of("BEGIN", "LISTEN a", "SELECT 1; LISTEN b", "COMMIT"),
                List.of("SELECT 1; LISTEN b", "LISTEN a", "UNLISTEN b"),
                List.of("LISTEN a", "SELECT pg_advisory_lock(1)", "LISTEN b", "SELECT pg_advisory_unlock(1)"),
                // code that listens
                List.of(doListen("a")),
                List.of("LISTEN a", doListen("a")),
                List.of("LISTEN a", doListen("b")),
                List.of(doListen("b"), "LISTEN a", "LISTEN b"),
                List.of("BEGIN", doListen("a"), "COMMIT"),
                List.of("BEGIN", "LISTEN a", doListen("b"), "COMMIT"),
                List.of("BEGIN", doListen("b"), "LISTEN a", "COMMIT", "LISTEN c"),
                List.of("BEGIN", doListen("b"), "ROLLBACK", "LISTEN a"),
                List.of(doListen("b"), "UNLISTEN *"),
                List.of(doListen("b"), "UNLISTEN b", "LISTEN a"),
                List.of(doListen("b"), "DISCARD ALL", "LISTEN a"),
                List.of("SELECT hear('a')"),
                List.of("LISTEN a", "SELECT hear('b')", "SELECT hear('a')"),
                List.of("CALL call_hear('a')", "LISTEN b"));
    }

    /** Each channel that PostgreSQL has for the program is told of once, the others never. */
    @ParameterizedTest
    @MethodSource("programs")
    void eachNotificationComesOnce(List<String> program) throws Exception {
        start("connection_limit", "3");
        Set<String> expected = new TreeSet<>();
        try (WireClient client = WireClient.login(postgres.host(), postgres.port(), database, "postgres", null)) {
            for (String sql : program) {
                client.query(sql);
            }
            client.send(query("SELECT * FROM pg_listening_channels()"));
            client.readUntilReady().stream()
                    .filter(message -> message.type() == 'D')
                    .forEach(row -> expected.add(row.values().get(0)));
        }
        try (WireClient client = login()) {
            for (String sql : program) {
                assertThat(client.query(sql)).as(sql).doesNotContain("E[");
            }
            try (WireClient other = login()) {
                assertNothingIsHeard(other);
            }
            Map<String, Integer> got = new TreeMap<>();
            int rounds = 5;
            for (int round = 0; round < rounds; round++) {
                for (String channel : CHANNELS) {
                    notifyDirectly(channel, "n" + round);
                }
                while (!gotAll(got, expected, round)) {
                    got.merge(channelAndPayload(client.read()), 1, Integer::sum);
                }
            }
            // What is told twice is so by two connections: whatever is on its way comes before this, or in front of it.
            for (ServerMessage message :
                    client.send(query("SELECT pg_sleep(0.02)")).readUntilReady()) {
                if (message.type() == 'A') {
                    got.merge(channelAndPayload(message), 1, Integer::sum);
                }
            }
            assertThat(got).as("told of %s", expected).hasSize(rounds * expected.size());
            assertThat(got.values()).as("%s", got).allMatch(times -> times == 1);
        }
        try (WireClient other = login()) {
            assertNothingIsHeard(other);
        }
        awaitNoListener();
        proxy.awaitQuiet();
    }

    private static boolean gotAll(Map<String, Integer> got, Set<String> expected, int round) {
        return expected.stream().allMatch(channel -> got.containsKey(channel + " n" + round));
    }

    private static String channelAndPayload(ServerMessage message) {
        assertThat(message.type()).as("%s", message).isEqualTo('A');
        String text = message.toString();
        return text.substring(text.indexOf(' ') + 1, text.length() - 1);
    }

    /** Whatever backend it gets, it listens on nothing. */
    private void assertNothingIsHeard(WireClient client) throws IOException {
        for (int i = 0; i < 4; i++) {
            assertThat(client.value("SELECT count(*) FROM pg_listening_channels()"))
                    .isEqualTo("0");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"error", "ignore"})
    void whatIsNotToBeKeptIsCleanedAway(String policy) throws Exception {
        start("connection_limit", "1", "on_unsafe_state", policy);
        try (WireClient client = login();
                WireClient other = login()) {
            for (String sql : List.of(doListen("a"), "SELECT hear('a')", "CALL call_hear('a')")) {
                client.query(sql);
                assertNothingIsHeard(other);
                if (policy.equals("error")) {
                    assertThat(client.query("SELECT 1")).startsWith("E[0A000 LISTEN that an earlier statement made");
                }
                notifyDirectly("a", "nobody's");
                for (WireClient one : List.of(client, other)) {
                    assertThat(one.query("SELECT 1")).isEqualTo("T[?column?] D[1] C[SELECT 1] Z[I]");
                }
            }
        }
    }

    @Test
    void whoLeavesInTheMiddleLeavesNothing() throws Exception {
        start("connection_limit", "1");
        for (String sql : List.of(doListen("a"), "SELECT hear('a')")) {
            for (boolean clean : List.of(false, true)) {
                WireClient client = login();
                client.query(sql);
                if (clean) {
                    client.send(Frontend.terminate());
                }
                client.close();
                try (WireClient other = login()) {
                    assertNothingIsHeard(other);
                    notifyDirectly("a", "nobody's");
                    assertThat(other.query("SELECT 1")).isEqualTo("T[?column?] D[1] C[SELECT 1] Z[I]");
                }
            }
        }
    }

    /** Nothing announces what a trigger does: the next client is told nothing, and the first notification gives it away. */
    @Test
    void aBackendThatATriggerMadeListenTellsNobodyAndIsReplaced() throws Exception {
        start("connection_limit", "1", "shuffle", "false");
        try (WireClient client = login();
                WireClient other = login()) {
            client.query("INSERT INTO heard VALUES ('a')");
            String pid = other.value("SELECT pg_backend_pid()");
            notifyDirectly("a", "nobody's");
            await().untilAsserted(() -> {
                assertThat(other.query("SELECT 1")).isEqualTo("T[?column?] D[1] C[SELECT 1] Z[I]");
                assertThat(other.value("SELECT pg_backend_pid()")).isNotEqualTo(pid);
            });
            assertNothingIsHeard(other);
            assertThat(client.query("SELECT 1")).isEqualTo("T[?column?] D[1] C[SELECT 1] Z[I]");
        }
    }

    @Test
    void whatATriggerDoesIsKnownIfItIsAlwaysAsked() throws Exception {
        start("connection_limit", "2", "state_check", "always");
        try (WireClient client = login();
                WireClient other = login()) {
            client.query("INSERT INTO heard VALUES ('a')");
            assertNothingIsHeard(other);
            notifyDirectly("a", "mine");
            assertThat(client.read().toString()).endsWith(" a mine]");
            assertThat(other.query("SELECT 1")).isEqualTo("T[?column?] D[1] C[SELECT 1] Z[I]");
        }
    }
}
