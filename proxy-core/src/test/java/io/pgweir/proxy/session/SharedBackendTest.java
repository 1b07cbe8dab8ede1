package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.bind;
import static io.pgweir.proxy.testkit.Frontend.execute;
import static io.pgweir.proxy.testkit.Frontend.parse;
import static io.pgweir.proxy.testkit.Frontend.query;
import static io.pgweir.proxy.testkit.Frontend.raw;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What clients that take turns on few backends must not notice of each other. */
class SharedBackendTest {
    private final RealPostgres postgres = RealPostgres.get();
    private String database;
    private RunningProxy proxy;
    private WireClient one;
    private WireClient other;

    @BeforeEach
    void open() throws Exception {
        database = postgres.createDatabase();
        proxy = RunningProxy.before(postgres, "connection_limit", "1", "shuffle", "false");
        one = login();
        other = login();
    }

    @AfterEach
    void close() throws Exception {
        one.close();
        other.close();
        proxy.awaitQuiet();
        proxy.close();
        postgres.dropDatabase(database);
    }

    private WireClient login() throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), database, "postgres", null);
    }

    private static String run(WireClient client, String name) throws IOException {
        return client.exchange(bind("", name), execute("", 0), sync());
    }

    @Test
    void aNameIsEachClientsOwn() throws Exception {
        one.exchange(parse("s", "SELECT 'one'"), sync());
        other.exchange(parse("s", "SELECT 'other'"), sync());
        for (int i = 0; i < 3; i++) {
            assertThat(run(one, "s")).isEqualTo("2 D[one] C[SELECT 1] Z[I]");
            assertThat(run(other, "s")).isEqualTo("2 D[other] C[SELECT 1] Z[I]");
        }
        one.exchange(Frontend.closeStatement("s"), sync());
        assertThat(run(one, "s")).startsWith("E[26000 ");
        assertThat(run(other, "s")).isEqualTo("2 D[other] C[SELECT 1] Z[I]");
    }

    @Test
    void oneTextMeansWhatTheClientsOwnSearchPathMakesOfIt() throws Exception {
        one.query("CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.t AS SELECT 'in a' AS x;"
                + " CREATE TABLE b.t AS SELECT 'in b' AS x; CREATE TABLE a.n AS SELECT 1 AS x;"
                + " CREATE TABLE b.n AS SELECT 'text' AS x");
        one.query("SET search_path = a");
        other.query("SET search_path = b");
        for (WireClient client : Arrays.asList(one, other)) {
            client.exchange(parse("t", "SELECT x FROM t"), sync());
            client.exchange(parse("n", "SELECT x FROM n"), sync());
        }
        for (int i = 0; i < 7; i++) { // PostgreSQL may take a generic plan from the sixth time on
            assertThat(run(one, "t")).isEqualTo("2 D[in a] C[SELECT 1] Z[I]");
            assertThat(run(other, "t")).isEqualTo("2 D[in b] C[SELECT 1] Z[I]");
            for (WireClient client : Arrays.asList(one, other)) {
                assertThat(client.exchange(bind("", "n"), Frontend.describePortal(""), execute("", 0), sync()))
                        .endsWith(client == one ? "D[1] C[SELECT 1] Z[I]" : "D[text] C[SELECT 1] Z[I]");
            }
        }
    }

    @Test
    void oneTextReadsWhatTheClientsOwnRoleMayRead() throws Exception {
        one.query("CREATE TABLE mine (owner name, x text)");
        one.query("INSERT INTO mine VALUES ('" + "pg_monitor" + "', 'seen')");
        one.query("ALTER TABLE mine ENABLE ROW LEVEL SECURITY; GRANT SELECT ON mine TO public;"
                + " CREATE POLICY own ON mine USING (owner = current_user)");
        one.query("SET ROLE pg_monitor");
        other.query("SET ROLE pg_read_all_stats");
        for (WireClient client : Arrays.asList(one, other)) {
            client.exchange(parse("m", "SELECT x FROM mine"), sync());
        }
        for (int i = 0; i < 7; i++) {
            assertThat(run(one, "m")).isEqualTo("2 D[seen] C[SELECT 1] Z[I]");
            assertThat(run(other, "m")).isEqualTo("2 C[SELECT 0] Z[I]");
        }
    }

    @Test
    void aSettingIsRefusedWhereItIsMadeAndKeptAsItWasGiven() throws Exception {
        assertThat(one.query("SET lock_timeout TO nonsense"))
                .startsWith("E[22023 ")
                .endsWith("Z[I]");
        assertThat(one.value("SHOW lock_timeout")).isEqualTo("0");
        String value = "it''s " + "\"x\\ é".repeat(1500);
        one.query("SET app.long = '" + value + "'");
        one.query("SET search_path = \"O'Reilly\", \"a, b\"");
        for (int i = 0; i < 2; i++) {
            assertThat(other.value("SELECT current_setting('app.long', true)")).isIn(null, "");
            assertThat(other.value("SHOW search_path")).isEqualTo("\"$user\", public");
            assertThat(one.value("SHOW app.long")).isEqualTo(value.replace("''", "'"));
            assertThat(one.value("SHOW search_path")).isEqualTo("\"O'Reilly\", \"a, b\"");
        }
    }

    @Test
    void aClientMayWriteMuchBeforeItReads() throws Exception {
        int queries = 2000;
        byte[] large = query("SELECT 1 /* " + "x".repeat(20_000) + " */");
        for (int i = 0; i < queries; i++) {
            one.send(large);
        }
        for (int i = 0; i < queries; i++) {
            assertThat(ServerMessage.transcript(one.readUntilReady())).isEqualTo("T[?column?] D[1] C[SELECT 1] Z[I]");
        }
        assertThat(other.value("SELECT 2")).isEqualTo("2");
    }

    /** Where a client may be when it sends something. */
    enum Phase {
        IDLE(' '),
        IN_TRANSACTION('Z', query("BEGIN; SELECT 1")),
        IN_A_FAILED_TRANSACTION('Z', query("BEGIN; SELECT 1/0")),
        BEHIND_PARSE('1', parse("", "SELECT 1"), Frontend.flush()),
        BEHIND_AN_ERROR('E', parse("", "SELECT nothing"), Frontend.flush());

        private final char lastAnswer;
        private final byte[] before;

        Phase(char lastAnswer, byte[]... before) {
            this.lastAnswer = lastAnswer;
            this.before = Frontend.join(before);
        }
    }

    /** Every type of message there can be, without a body, in every phase: the answer is PostgreSQL's. */
    @ParameterizedTest
    @EnumSource
    void whateverComesIsAnsweredAsPostgresDoes(Phase phase) throws Exception {
        for (int type = 0; type < 256; type++) {
            String expected;
            try (WireClient direct = WireClient.login(postgres.host(), postgres.port(), database, "postgres", null)) {
                expected = answer(direct, phase, (char) type);
            }
            try (WireClient client = login()) {
                assertThat(answer(client, phase, (char) type))
                        .as("type %d %s", type, (char) type)
                        .isEqualTo(expected);
            }
        }
        assertThat(one.value("SELECT 1")).isEqualTo("1");
    }

    private static String answer(WireClient client, Phase phase, char type) throws IOException {
        client.send(phase.before);
        if (phase.before.length > 0) {
            client.readUntil(phase.lastAnswer);
        }
        client.send(raw(type, new byte[0]), sync());
        List<ServerMessage> answer = new ArrayList<>();
        try {
            do {
                answer.add(client.read());
            } while (answer.get(answer.size() - 1).type() != 'Z');
        } catch (EOFException closed) {
            return ServerMessage.transcript(answer) + " closed";
        }
        return ServerMessage.transcript(answer);
    }
}
