package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.bind;
import static io.pgweir.proxy.testkit.Frontend.closeStatement;
import static io.pgweir.proxy.testkit.Frontend.describePortal;
import static io.pgweir.proxy.testkit.Frontend.describeStatement;
import static io.pgweir.proxy.testkit.Frontend.execute;
import static io.pgweir.proxy.testkit.Frontend.join;
import static io.pgweir.proxy.testkit.Frontend.parse;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static io.pgweir.proxy.testkit.Frontend.unnamed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** SET, RESET and SHOW of pgweir.NAME: what the client sees, what is in force, and that PostgreSQL never hears of it. */
class OwnSettingsTest {
    private final RealPostgres postgres = RealPostgres.get();
    private String database = "";

    @BeforeEach
    void createDatabase() throws Exception {
        database = postgres.createDatabase();
    }

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "session"})
    void aClientNarrowsItsLimitsAndPostgresNeverHearsOfIt(String mode) throws Exception {
        try (RunningProxy proxy = proxy("pool_mode", mode);
                WireClient client = login(proxy)) {
            assertThat(show(client, "statement_timeout")).isEqualTo("30s");
            assertThat(client.query("set pgweir.statement_timeout = '300ms'")).isEqualTo("C[SET] Z[I]");
            assertThat(client.query("SHOW pgweir.statement_timeout"))
                    .isEqualTo("T[pgweir.statement_timeout] D[300ms] C[SHOW] Z[I]");
            assertThat(client.query("select pg_sleep(9)")).contains("57014").contains("statement_timeout of 0.3s");
            assertThat(client.query("select current_setting('pgweir.statement_timeout', true)"))
                    .doesNotContain("300ms");
            assertThat(client.query("reset pgweir.statement_timeout")).isEqualTo("C[RESET] Z[I]");
            assertThat(show(client, "statement_timeout")).isEqualTo("30s");
            assertThat(client.query("SET SESSION \"pgweir.idle_in_transaction_timeout\" TO 5s;"))
                    .isEqualTo("C[SET] Z[I]");
            assertThat(show(client, "idle_in_transaction_timeout")).isEqualTo("5s");
            assertThat(client.query("set pgweir.idle_in_transaction_timeout to default"))
                    .endsWith("C[SET] Z[I]");
            assertThat(show(client, "idle_in_transaction_timeout")).isEqualTo("10s");
        }
    }

    @Test
    void noBackendIsNeeded() throws Exception {
        // Only the client that is to find no backend does not wait for one: the holder's may still be logging in.
        try (RunningProxy proxy = proxy("connection_limit", "1");
                WireClient holder = login(proxy);
                WireClient client = login(proxy, "options", "-c pgweir.pool_timeout=0")) {
            holder.query("begin");
            assertThat(holder.query("select 1")).contains("D[1]");
            assertThat(client.query("set pgweir.label = 'web'")).isEqualTo("C[SET] Z[I]");
            assertThat(show(client, "label")).isEqualTo("web");
            assertThat(client.exchange(
                            parse("", "show pgweir.label"), bind("", ""), describePortal(""), execute("", 0), sync()))
                    .isEqualTo("1 2 T[pgweir.label] D[web] C[SHOW] Z[I]");
            assertThat(client.query("select 1")).contains("53300");
            holder.query("rollback");
        }
    }

    @Test
    void thePoolTimeoutIsTheClientsOwn() throws Exception {
        try (RunningProxy proxy = proxy("connection_limit", "1");
                WireClient holder = login(proxy);
                WireClient client = login(proxy, "options", "-c pgweir.pool_timeout=200ms --pgweir.label=shop")) {
            holder.query("begin");
            holder.query("select 1");
            long begin = System.nanoTime();
            assertThat(client.query("select 1")).contains("53300").contains("waited 0.2s");
            assertThat((System.nanoTime() - begin) / 1_000_000).isBetween(200L, 2000L);
            assertThat(show(client, "label")).isEqualTo("shop");
            holder.query("rollback");
        }
    }

    @Test
    void noClientGetsMoreThanTheOperatorAllows() throws Exception {
        try (RunningProxy proxy = proxy("statement_timeout", "400ms", "idle_in_transaction_timeout", "off");
                WireClient client = login(proxy)) {
            assertThat(client.query("set pgweir.statement_timeout = '1h'"))
                    .startsWith("N[")
                    .contains("400ms instead of 1h")
                    .endsWith("C[SET] Z[I]");
            assertThat(show(client, "statement_timeout")).isEqualTo("400ms");
            assertThat(client.query("set pgweir.statement_timeout = 0")).contains("400ms instead of off");
            assertThat(client.query("select pg_sleep(9)")).contains("57014");
            assertThat(client.query("set pgweir.idle_in_transaction_timeout = '2h'"))
                    .isEqualTo("C[SET] Z[I]");
            assertThat(show(client, "idle_in_transaction_timeout")).isEqualTo("2h");
            assertThat(client.query("set pgweir.idle_in_transaction_timeout = off"))
                    .isEqualTo("C[SET] Z[I]");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "set pgweir.pool_timeuot = '1s' | 42704 | did you mean 'pool_timeout'?",
                "show pgweir.nonsense | 42704 | unrecognized configuration parameter",
                "set pgweir.pool_timeout = 'soon' | 22023 | write 500ms, 30s, 5m or 1h",
                "set pgweir.statement_timeout = '-1s' | 22023 | is not a duration",
                "set pgweir.pool_timeout '1s' | 42601 | syntax error",
                "set pgweir.pool_timeout = | 42601 | syntax error",
                "reset pgweir.pool_timeout now | 42601 | syntax error",
                "set pgweir.pool_timeout = '1s'; select 1 | 0A000 | one of several",
                "select 1; set local pgweir.pool_timeout = '1s' | 0A000 | one of several",
            })
    void whatIsWrongIsAnErrorAndNothingChanges(String sql, String code, String text) throws Exception {
        for (String mode : List.of("transaction", "session")) {
            try (RunningProxy proxy = proxy("pool_mode", mode);
                    WireClient client = login(proxy)) {
                assertThat(client.query(sql)).contains(code).contains(text).endsWith("Z[I]");
                client.query("begin");
                assertThat(client.query(sql)).contains(code).contains(text).endsWith("Z[E]");
                assertThat(client.query("show pgweir.pool_timeout"))
                        .contains("25P02")
                        .endsWith("Z[E]");
                assertThat(client.query("rollback")).isEqualTo("C[ROLLBACK] Z[I]");
                client.query("begin");
                client.query("select 1");
                assertThat(client.query(sql)).contains(code).contains(text).endsWith("Z[E]");
                assertThat(client.query("show pgweir.pool_timeout"))
                        .contains("25P02")
                        .endsWith("Z[E]");
                assertThat(client.query("rollback")).isEqualTo("C[ROLLBACK] Z[I]");
                assertThat(show(client, "pool_timeout")).isEqualTo("30s");
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-c pgweir.pool_timeout=soon | 22023 | write 500ms",
                "-c pgweir.pool_timeuot=5s | 42704 | did you mean 'pool_timeout'?",
            })
    void aWrongValueAtLoginIsRefused(String options, String code, String text) throws Exception {
        try (RunningProxy proxy = proxy("connection_limit", "1")) {
            assertThatThrownBy(() -> login(proxy, "options", options).close())
                    .hasMessageContaining(code)
                    .hasMessageContaining(text);
        }
    }

    @Test
    void aLoginThatAsksForTooMuchIsToldAndNarrowed() throws Exception {
        try (RunningProxy proxy = proxy("statement_timeout", "5s");
                WireClient client = login(proxy, "options", "-c pgweir.statement_timeout=60s")) {
            assertThat(show(client, "statement_timeout")).isEqualTo("5s");
            assertThat(client.query("reset all")).isEqualTo("C[RESET] Z[I]");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "session"})
    void aRollbackUndoesASetAndCommitKeepsIt(String mode) throws Exception {
        try (RunningProxy proxy = proxy("pool_mode", mode);
                WireClient client = login(proxy)) {
            for (String first : List.of("", "select 1")) {
                client.query("begin");
                client.query(first);
                assertThat(client.query("set pgweir.pool_timeout = 7s")).isEqualTo("C[SET] Z[T]");
                assertThat(show(client, "pool_timeout")).isEqualTo("7s");
                client.query("rollback");
                assertThat(show(client, "pool_timeout")).isEqualTo("30s");

                client.query("begin");
                client.query(first);
                client.query("set local pgweir.pool_timeout = 7s");
                client.query("set pgweir.label = a");
                assertThat(show(client, "pool_timeout")).isEqualTo("7s");
                client.query("commit");
                assertThat(show(client, "pool_timeout")).isEqualTo("30s");
                assertThat(show(client, "label")).isEqualTo("a");

                client.query("begin");
                client.query(first);
                client.query("set pgweir.pool_timeout = 7s");
                assertThat(client.query("select 1/0")).endsWith("Z[E]");
                assertThat(client.query("commit")).isEqualTo("C[ROLLBACK] Z[I]");
                assertThat(show(client, "pool_timeout")).isEqualTo("30s");

                client.query("begin");
                client.query(first);
                client.query("set pgweir.pool_timeout = 7s");
                client.query("savepoint s");
                assertThat(client.query("select 1/0")).endsWith("Z[E]");
                client.query("rollback to s");
                assertThat(show(client, "pool_timeout")).isEqualTo("7s");
                client.query("commit");
                assertThat(show(client, "pool_timeout")).isEqualTo("7s");
                client.query("reset all");
                assertThat(show(client, "pool_timeout")).isEqualTo("30s");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "session"})
    void everythingThatResetsResets(String mode) throws Exception {
        try (RunningProxy proxy = proxy("pool_mode", mode);
                WireClient client = login(proxy, "options", "-c pgweir.label=mine")) {
            for (String reset : List.of("reset all", "discard all", "select 1")) {
                client.query("set pgweir.pool_timeout = 7s");
                client.query("set pgweir.label = other");
                client.query("set work_mem = '5MB'");
                client.query(reset);
                boolean nothing = reset.equals("select 1");
                assertThat(show(client, "pool_timeout")).isEqualTo(nothing ? "7s" : "30s");
                assertThat(show(client, "label")).isEqualTo(nothing ? "other" : "mine");
            }
            client.query("begin");
            client.query("reset all");
            assertThat(show(client, "pool_timeout")).isEqualTo("30s");
            client.query("rollback");
            assertThat(show(client, "pool_timeout")).isEqualTo("7s");
        }
    }

    @Test
    void setLocalOutsideOfATransactionWarnsAndDoesNothing() throws Exception {
        try (RunningProxy proxy = proxy();
                WireClient client = login(proxy)) {
            assertThat(client.query("set local pgweir.pool_timeout = 7s"))
                    .startsWith("N[")
                    .contains("25P01");
            assertThat(show(client, "pool_timeout")).isEqualTo("30s");
        }
    }

    /** The replies line up with PostgreSQL's for its own setting of the same shape. */
    @ParameterizedTest
    @ValueSource(strings = {"transaction", "session"})
    void inPipelinesEachIsAnsweredInItsTurn(String mode) throws Exception {
        try (RunningProxy proxy = proxy("pool_mode", mode);
                WireClient client = login(proxy)) {
            for (String prologue : List.of("", "begin; select 1")) {
                client.query(prologue);
                assertThat(client.exchange(pipeline("pgweir.label", "web")))
                        .isEqualTo(client.exchange(pipeline("application_name", "web"))
                                .replaceAll("S\\[[^]]*\\] ", "")
                                .replace("application_name", "pgweir.label"));
                client.query("rollback");
            }
        }
    }

    private static byte[] pipeline(String setting, String value) {
        return join(
                unnamed("select 1"),
                parse("set1", "set " + setting + " = '" + value + "'"),
                describeStatement("set1"),
                bind("p", "set1"),
                describePortal("p"),
                execute("p", 0),
                unnamed("select 2"),
                parse("", "show " + setting),
                describeStatement(""),
                bind("", ""),
                execute("", 0),
                closeStatement("set1"),
                unnamed("select 3"),
                sync());
    }

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "session"})
    void anErrorInAPipelineSkipsWhatFollowsAndUndoesWhatWasSet(String mode) throws Exception {
        try (RunningProxy proxy = proxy("pool_mode", mode);
                WireClient client = login(proxy)) {
            for (String prologue : List.of("", "begin; select 1")) {
                client.query(prologue);
                String before = unnamedSet(client, "set pgweir.label = 'x'", "select 1/0", "show pgweir.label");
                assertThat(before)
                        .startsWith("1 2 n C[SET] 1 ")
                        .contains("22012")
                        .doesNotContain("SHOW");
                client.query("rollback");
                assertThat(show(client, "label")).isEmpty();
                client.query(prologue);
                String wrong = unnamedSet(client, "select 1", "set pgweir.label_ = 'x'", "select 2");
                assertThat(wrong)
                        .startsWith("1 2 T[?column?] D[1] C[SELECT 1] E[42704")
                        .doesNotContain("D[2]");
                assertThat(wrong).endsWith(prologue.isEmpty() ? "Z[I]" : "Z[E]");
                client.query("rollback");
                assertThat(client.query("select 7")).contains("D[7]").endsWith("Z[I]");
            }
        }
    }

    private static String unnamedSet(WireClient client, String... statements) throws Exception {
        byte[][] messages = new byte[statements.length + 1][];
        for (int i = 0; i < statements.length; i++) {
            messages[i] = join(parse("", statements[i]), bind("", ""), describePortal(""), execute("", 0));
        }
        messages[statements.length] = sync();
        return client.exchange(messages);
    }

    @Test
    void aNameBelongsToOneStatement() throws Exception {
        try (RunningProxy proxy = proxy();
                WireClient client = login(proxy)) {
            assertThat(client.exchange(parse("a", "show pgweir.label"), sync())).isEqualTo("1 Z[I]");
            assertThat(client.exchange(parse("a", "select 1"), sync())).contains("42P05");
            assertThat(client.exchange(parse("a", "show pgweir.label"), sync())).contains("42P05");
            assertThat(client.exchange(parse("b", "select 1"), sync())).isEqualTo("1 Z[I]");
            assertThat(client.exchange(parse("b", "show pgweir.label"), sync())).contains("42P05");
            assertThat(client.exchange(closeStatement("a"), parse("a", "select 5"), sync()))
                    .isEqualTo("3 1 Z[I]");
            assertThat(client.exchange(bind("", "a"), execute("", 0), sync())).contains("D[5]");
        }
    }

    @Test
    void pipelinedQueriesAreAnsweredInOrder() throws Exception {
        try (RunningProxy proxy = proxy();
                WireClient client = login(proxy)) {
            client.send(
                    Frontend.query("select pg_sleep(0.05)"),
                    Frontend.query("set pgweir.label = a"),
                    Frontend.query("select 2"),
                    Frontend.query("show pgweir.label"));
            assertThat(ServerMessage.transcript(client.readUntilReady())).contains("SELECT 1");
            assertThat(ServerMessage.transcript(client.readUntilReady())).isEqualTo("C[SET] Z[I]");
            assertThat(ServerMessage.transcript(client.readUntilReady())).contains("D[2]");
            assertThat(ServerMessage.transcript(client.readUntilReady())).contains("D[a]");
        }
    }

    private static String show(WireClient client, String name) throws Exception {
        return String.valueOf(client.value("show pgweir." + name));
    }

    private RunningProxy proxy(String... settings) {
        return RunningProxy.before(postgres, settings);
    }

    private WireClient login(RunningProxy proxy, String... startup) throws Exception {
        Map<String, String> parameters = new java.util.HashMap<>(Map.of("database", database, "user", "postgres"));
        for (int i = 0; i < startup.length; i += 2) {
            parameters.put(startup[i], startup[i + 1]);
        }
        return WireClient.login(proxy.host(), proxy.port(), parameters, null);
    }
}
