package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.bind;
import static io.pgweir.proxy.testkit.Frontend.execute;
import static io.pgweir.proxy.testkit.Frontend.parse;
import static io.pgweir.proxy.testkit.Frontend.query;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** LISTEN in transaction mode: one backend listens for all, and every client gets what it would get from PostgreSQL. */
class ListenTest extends ListenHarness {
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void nothingIsMissedThatIsSentAfterTheAnswer(boolean extended) throws Exception {
        start("connection_limit", "3");
        for (int i = 0; i < 150; i++) {
            try (WireClient client = login()) {
                String sql = "LISTEN c" + i % 7;
                client.exchange(extended ? Frontend.join(Frontend.unnamed(sql), sync()) : query(sql));
                notifyDirectly("c" + i % 7, String.valueOf(i));
                assertThat(client.read().toString()).endsWith(" c" + i % 7 + " " + i + "]");
            }
        }
    }

    /** What is listened on after each program is asked of PostgreSQL itself. */
    private static List<List<String>> programs() {
        return List.of(
                List.of("LISTEN a"),
                List.of("LISTEN a", "LISTEN a", "LISTEN b", "UNLISTEN a"),
                List.of("LISTEN a", "UNLISTEN *", "LISTEN b"),
                List.of("LISTEN a", "DISCARD ALL", "LISTEN c"),
                List.of("LISTEN a", "SET work_mem = '5MB'", "DISCARD ALL"),
                List.of("BEGIN", "LISTEN a", "COMMIT"),
                List.of("BEGIN", "LISTEN a", "ROLLBACK"),
                List.of("BEGIN", "SELECT 1", "LISTEN a", "END"),
                List.of("LISTEN a", "BEGIN", "UNLISTEN a", "ROLLBACK"),
                List.of("LISTEN a", "BEGIN", "UNLISTEN a", "LISTEN b", "COMMIT"),
                List.of("BEGIN", "LISTEN a", "SELECT 1/0", "COMMIT"),
                List.of("BEGIN", "LISTEN a", "SELECT 1/0", "ROLLBACK"),
                List.of("BEGIN", "SAVEPOINT s", "LISTEN a", "ROLLBACK TO s", "LISTEN b", "COMMIT"),
                List.of("BEGIN", "LISTEN a", "SAVEPOINT s", "LISTEN b", "ROLLBACK TO SAVEPOINT s", "COMMIT"),
                List.of("BEGIN", "LISTEN a", "SAVEPOINT s", "LISTEN b", "RELEASE s", "COMMIT"),
                List.of(
                        "BEGIN",
                        "LISTEN a",
                        "SAVEPOINT s",
                        "LISTEN b",
                        "SAVEPOINT S",
                        "LISTEN c",
                        "ROLLBACK TRANSACTION TO s",
                        "RELEASE SAVEPOINT s",
                        "ROLLBACK TO s",
                        "COMMIT"),
                List.of("BEGIN", "LISTEN a", "SAVEPOINT s", "LISTEN b", "SELECT 1/0", "ROLLBACK TO s", "COMMIT"),
                List.of(
                        "BEGIN",
                        "LISTEN a",
                        "SAVEPOINT s",
                        "UNLISTEN *",
                        "ROLLBACK TO s",
                        "COMMIT AND CHAIN",
                        "LISTEN b",
                        "ROLLBACK"),
                List.of("LISTEN a; LISTEN b"),
                List.of("LISTEN a; SELECT 1/0; LISTEN b"),
                List.of("LISTEN a; COMMIT; SELECT 1/0"),
                List.of("BEGIN; LISTEN a; COMMIT; LISTEN b; SELECT 1/0"),
                List.of("BEGIN; LISTEN a; ROLLBACK; LISTEN b"),
                List.of("BEGIN; LISTEN a; SAVEPOINT x; LISTEN b; ROLLBACK TO x; COMMIT"),
                List.of("SELECT 1; LISTEN a"),
                List.of("SELECT 1; LISTEN a; LISTEN b", "UNLISTEN a"),
                List.of("/* so */ LISTEN a -- yes"),
                List.of("  listen A ; ; UNLISTEN b"),
                List.of("LISTEN \"A\"", "LISTEN a"),
                List.of("LISTEN a b", "LISTEN", "LISTEN select", "LISTEN 'b'"),
                List.of("LISTEN U&\"\\0061\""),
                List.of("BEGIN", "LISTEN a", "PREPARE TRANSACTION 'x'"),
                List.of("BEGIN READ ONLY", "LISTEN a", "COMMIT"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theChannelsAreThoseThatPostgresHas(boolean extended) throws Exception {
        start("connection_limit", "3");
        for (List<String> program : programs()) {
            Set<String> expected = new TreeSet<>();
            String directly;
            try (WireClient client = WireClient.login(postgres.host(), postgres.port(), database, "postgres", null)) {
                directly = run(client, program, extended);
                client.send(query("SELECT * FROM pg_listening_channels()"));
                client.readUntilReady().stream()
                        .filter(message -> message.type() == 'D')
                        .forEach(row -> expected.add(row.values().get(0)));
            }
            try (WireClient client = login()) {
                assertThat(run(client, program, extended))
                        .as("answers to %s", program)
                        .isEqualTo(directly);
                assertThat(heard(client)).as("channels after %s", program).isEqualTo(expected);
            }
        }
    }

    private static String run(WireClient client, List<String> program, boolean extended) throws IOException {
        List<String> answers = new ArrayList<>();
        for (String sql : program) {
            boolean oneStatement = !sql.contains(";");
            answers.add(client.exchange(
                    extended && oneStatement ? Frontend.join(Frontend.unnamed(sql), sync()) : query(sql)));
        }
        return String.join("\n", answers);
    }

    /** The channels on which the client is notified. */
    private Set<String> heard(WireClient client) throws Exception {
        client.query("LISTEN last");
        for (String channel : List.of("a", "A", "b", "c", "s")) {
            notifyDirectly(channel, "");
        }
        notifyDirectly("last", "");
        Set<String> heard = new TreeSet<>();
        while (true) {
            ServerMessage message = client.read();
            assertThat(message.type()).isEqualTo('A');
            String channel = message.toString().split(" ")[1];
            if (channel.equals("last")) {
                return heard;
            }
            assertThat(heard.add(channel)).as("%s once", channel).isTrue();
        }
    }

    @Test
    void namesAreThoseThatPostgresMakesOfThem() throws Exception {
        start("connection_limit", "3");
        String longName = "n".repeat(62) + "éé";
        for (String name :
                List.of("Foo", "\"Foo\"", "\"a\"\"b\"", "été", "ÉTÉ", "x$1", "\" \"", "\"" + longName + "\"")) {
            try (WireClient client = login();
                    WireClient other = login()) {
                String answer = client.query("LISTEN " + name);
                try (WireClient straight =
                        WireClient.login(postgres.host(), postgres.port(), database, "postgres", null)) {
                    assertThat(answer).isEqualTo(straight.query("LISTEN " + name));
                    String channel = straight.value("SELECT * FROM pg_listening_channels()");
                    other.query("NOTIFY " + name + ", 'p'");
                    assertThat(client.read().toString()).endsWith(" " + channel + " p]");
                }
            }
        }
    }

    @Test
    void aStatementPreparedEarlierListensEachTimeItRuns() throws Exception {
        start("connection_limit", "3");
        try (WireClient client = login()) {
            assertThat(client.exchange(parse("l", "LISTEN a"), parse("u", "UNLISTEN a"), sync()))
                    .isEqualTo("1 1 Z[I]");
            for (int i = 0; i < 3; i++) {
                assertThat(client.exchange(bind("", "l"), execute("", 0), sync()))
                        .isEqualTo("2 C[LISTEN] Z[I]");
                notifyDirectly("a", "x" + i);
                assertThat(client.read().toString()).endsWith(" a x" + i + "]");
                assertThat(client.exchange(bind("", "u"), execute("", 0), sync()))
                        .isEqualTo("2 C[UNLISTEN] Z[I]");
                notifyDirectly("a", "unheard");
            }
            assertThat(client.exchange(
                            Frontend.unnamed("LISTEN a"),
                            Frontend.unnamed("SELECT 7"),
                            sync(),
                            Frontend.unnamed("LISTEN b"),
                            sync()))
                    .isEqualTo("1 2 n C[LISTEN] 1 2 T[?column?] D[7] C[SELECT 1] Z[I]");
            assertThat(ServerMessage.transcript(client.readUntilReady())).isEqualTo("1 2 n C[LISTEN] Z[I]");
            notifyDirectly("a", "1");
            notifyDirectly("b", "2");
            assertThat(client.read().toString()).endsWith(" a 1]");
            assertThat(client.read().toString()).endsWith(" b 2]");
        }
    }

    @Test
    void everybodyGetsEachNotificationOnceAndInTheOrderOfCommits() throws Exception {
        start("connection_limit", "4");
        List<WireClient> listening = new ArrayList<>();
        WireClient reference = WireClient.login(postgres.host(), postgres.port(), database, "postgres", null);
        listening.add(reference);
        for (int i = 0; i < 8; i++) {
            listening.add(login());
        }
        for (WireClient client : listening) {
            client.query("LISTEN a");
            client.query("LISTEN b");
        }
        int each = 200;
        List<Thread> writers = new ArrayList<>();
        for (int writer = 0; writer < 3; writer++) {
            String channel = writer == 0 ? "a" : "b";
            String name = "w" + writer;
            Thread thread = new Thread(() -> {
                try (WireClient client = login()) {
                    for (int i = 0; i < each; i++) {
                        client.query("NOTIFY " + channel + ", '" + name + "." + i + "'");
                    }
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            thread.start();
            writers.add(thread);
        }
        for (Thread writer : writers) {
            writer.join();
        }
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 3 * each; i++) {
            expected.add(reference.read().toString());
        }
        assertThat(expected).doesNotHaveDuplicates().allMatch(line -> line.startsWith("A["));
        for (WireClient client : listening.subList(1, listening.size())) {
            for (String line : expected) {
                assertThat(client.read().toString()).isEqualTo(line);
            }
        }
        for (WireClient client : listening) {
            assertThat(client.query("SELECT 1")).isEqualTo("T[?column?] D[1] C[SELECT 1] Z[I]");
            client.close();
        }
    }

    @Test
    void aClientInATransactionIsToldWhenItIsOver() throws Exception {
        start("connection_limit", "3");
        try (WireClient client = login();
                WireClient other = login()) {
            client.query("LISTEN a");
            other.query("LISTEN a");
            client.query("BEGIN");
            client.query("SELECT 1");
            notifyDirectly("a", "1");
            assertThat(other.read().toString()).endsWith(" a 1]");
            assertThat(client.query("SELECT 2")).isEqualTo("T[?column?] D[2] C[SELECT 1] Z[T]");
            assertThat(client.query("COMMIT")).isEqualTo("C[COMMIT] Z[I]");
            assertThat(client.read().toString()).endsWith(" a 1]");
            client.query("BEGIN"); // not sent yet: a transaction all the same
            notifyDirectly("a", "2");
            assertThat(other.read().toString()).endsWith(" a 2]");
            assertThat(client.query("ROLLBACK")).isEqualTo("C[ROLLBACK] Z[I]");
            assertThat(client.read().toString()).endsWith(" a 2]");
        }
    }

    @Test
    void aClientsOwnNotificationComesToo() throws Exception {
        start("connection_limit", "3");
        try (WireClient client = login()) {
            client.query("LISTEN a");
            assertThat(client.query("NOTIFY a, 'me'")).startsWith("C[NOTIFY]");
            assertThat(client.read().toString()).endsWith(" a me]");
            client.query("BEGIN");
            client.query("NOTIFY a, 'never'");
            client.query("ROLLBACK");
            client.query("BEGIN");
            client.query("LISTEN b");
            client.query("NOTIFY b, 'both'");
            client.query("COMMIT");
            assertThat(client.read().toString()).endsWith(" b both]");
        }
    }

    @Test
    void aClientWithAnotherEncodingGetsItsOwn() throws Exception {
        start("connection_limit", "2");
        try (WireClient client = WireClient.login(
                proxy.host(),
                proxy.port(),
                Map.of("user", "postgres", "database", database, "client_encoding", "LATIN1"),
                null)) {
            client.query("LISTEN a");
            notifyDirectly("a", "é");
            assertThat(client.read().body()).endsWith(new byte[] {'a', 0, (byte) 0xe9, 0});
            assertThat(listeners()).isEmpty();
        }
    }
}
