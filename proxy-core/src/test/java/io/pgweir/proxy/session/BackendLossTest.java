package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.bind;
import static io.pgweir.proxy.testkit.Frontend.copyData;
import static io.pgweir.proxy.testkit.Frontend.copyDone;
import static io.pgweir.proxy.testkit.Frontend.execute;
import static io.pgweir.proxy.testkit.Frontend.flush;
import static io.pgweir.proxy.testkit.Frontend.join;
import static io.pgweir.proxy.testkit.Frontend.parse;
import static io.pgweir.proxy.testkit.Frontend.query;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static io.pgweir.proxy.testkit.Frontend.unnamed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A backend that is terminated costs its client an error for what it owed, and nobody else anything. */
class BackendLossTest {
    private static final Duration QUIET = Duration.ofMillis(100);

    private final RealPostgres postgres = RealPostgres.get();
    private String database;
    private RunningProxy proxy;
    private WireClient client;
    private WireClient other;

    @BeforeEach
    void open() throws Exception {
        database = postgres.createDatabase();
        proxy = RunningProxy.before(postgres, "connection_limit", "2");
        client = login();
        other = login();
        client.query("CREATE TABLE done (a int)");
        proxy.awaitQuiet(); // a CREATE is followed by a check, and until that is answered the client has its backend
    }

    @AfterEach
    void everybodyGoesOn() throws Exception {
        assertThat(client.query("SELECT 'after'")).isEqualTo("T[?column?] D[after] C[SELECT 1] Z[I]");
        assertThat(other.query("SELECT 'after'")).isEqualTo("T[?column?] D[after] C[SELECT 1] Z[I]");
        client.close();
        other.close();
        proxy.awaitQuiet();
        proxy.close();
        postgres.dropDatabase(database);
    }

    @Test
    void idleBackendsAreReplacedUnseen() throws Exception {
        for (int round = 0; round < 10; round++) {
            client.query("SELECT 1");
            assertThat(postgres.terminateAll(database)).isPositive();
            // One that was being opened meanwhile, beside one that was about to come free, goes as well.
            await().untilAsserted(() -> {
                postgres.terminateAll(database);
                assertThat(postgres.backends(database)).isEmpty();
            });
            assertThat(client.query("SELECT 2")).isEqualTo("T[?column?] D[2] C[SELECT 1] Z[I]");
            assertThat(other.query("SELECT 3")).isEqualTo("T[?column?] D[3] C[SELECT 1] Z[I]");
        }
    }

    @Test
    void aRunningQueryGetsOneError() throws Exception {
        client.send(query("INSERT INTO done SELECT 1 FROM pg_sleep(60)"));
        terminateActive();
        assertLost(client.readUntilReady(), "E Z[I]");
        assertThat(client.poll(QUIET)).isNull();
        assertThat(client.value("SELECT count(*) FROM done")).isEqualTo("0");
    }

    @Test
    void aRunningStatementOfTheExtendedProtocolGetsOneError() throws Exception {
        client.send(unnamed("SELECT 1 FROM pg_sleep(60)"), sync());
        terminateActive();
        assertLost(client.readUntilReady(), "E Z[I]");
        assertThat(client.poll(QUIET)).isNull();
    }

    @Test
    void everyUnitOfAPipelineGetsItsError() throws Exception {
        client.send(
                query("SELECT 1 FROM pg_sleep(60)"),
                unnamed("SELECT 2"),
                sync(),
                query("SELECT 3"),
                sync(),
                unnamed("SELECT 4"),
                unnamed("SELECT 5"),
                sync());
        terminateActive();
        for (int unit = 0; unit < 5; unit++) {
            assertLost(client.readUntilReady(), "E Z[I]");
        }
        assertThat(client.poll(QUIET)).isNull();
    }

    @Test
    void anOpenUnitGetsItsErrorAtOnceAndItsReadyForQueryBehindSync() throws Exception {
        client.send(query("SELECT 1 FROM pg_sleep(60)"), unnamed("SELECT 2"));
        terminateActive();
        assertLost(client.readUntilReady(), "E Z[I]");
        assertThat(client.read()).hasToString(lost());
        assertThat(client.poll(QUIET)).isNull();
        client.send(unnamed("SELECT 3"), query("SELECT 4"));
        assertThat(client.poll(QUIET)).isNull();
        assertThat(client.exchange(sync())).isEqualTo("Z[I]");
    }

    @Test
    void aUnitWhoseErrorWasToldGetsNoOther() throws Exception {
        client.send(parse("", "SELEC"), flush());
        client.readUntil('E');
        postgres.terminateAll(database);
        await().until(() -> postgres.backendsOf(database) == 0);
        assertThat(client.poll(QUIET)).isNull();
        assertThat(client.exchange(bind("", ""), execute("", 0), sync())).isEqualTo("Z[I]");
    }

    @Test
    void aTransactionStaysFailedUntilItsEnd() throws Exception {
        client.query("BEGIN");
        client.query("INSERT INTO done VALUES (1)");
        client.send(query("SELECT 1 FROM pg_sleep(60)"));
        terminateActive();
        assertLost(client.readUntilReady(), "E Z[E]");
        assertThat(client.query("SELECT 2")).startsWith("E[25P02").endsWith("Z[E]");
        assertThat(client.query("")).endsWith("Z[E]");
        assertThat(client.query("BEGIN")).startsWith("E[25P02").endsWith("Z[E]");
        assertThat(client.query("SAVEPOINT a")).startsWith("E[25P02").endsWith("Z[E]");
        assertThat(client.exchange(sync())).isEqualTo("Z[E]");
        assertThat(client.exchange(unnamed("SELECT 3"), sync()))
                .startsWith("E[25P02")
                .endsWith("] Z[E]");
        assertThat(client.query("ROLLBACK")).isEqualTo("C[ROLLBACK] Z[I]");
        assertThat(client.value("SELECT count(*) FROM done")).isEqualTo("0");
    }

    @Test
    void commitOfALostTransactionIsARollback() throws Exception {
        loseIdleTransaction();
        assertThat(client.query("SELECT 1")).startsWith("E[08006").endsWith("Z[E]");
        assertThat(client.query("SELECT 1")).startsWith("E[25P02").endsWith("Z[E]");
        assertThat(client.query("COMMIT")).isEqualTo("C[ROLLBACK] Z[I]");
        assertThat(client.value("SELECT count(*) FROM done")).isEqualTo("0");
    }

    /** A driver that reads no command tags would take "ROLLBACK" for a success, and the write for safe. */
    @Test
    void commitRightAfterTheLossIsToldOfIt() throws Exception {
        client.exchange(parse("end", "COMMIT"), sync());
        byte[] byName = join(bind("", "end"), execute("", 0), sync());
        for (byte[] commit : List.of(query("COMMIT"), join(unnamed("END"), sync()), byName)) {
            loseIdleTransaction();
            client.send(commit);
            assertLost(client.readUntilReady(), "E Z[I]");
            assertThat(client.value("SELECT count(*) FROM done")).isEqualTo("0");
        }
    }

    @Test
    void rollbackRightAfterTheLossIsARollback() throws Exception {
        loseIdleTransaction();
        assertThat(client.query("ROLLBACK")).isEqualTo("C[ROLLBACK] Z[I]");
    }

    @Test
    void theExtendedProtocolCanEndALostTransaction() throws Exception {
        for (String end : List.of("ROLLBACK", "COMMIT", "rollback /* x */ ;", "ABORT")) {
            loseIdleTransaction();
            assertThat(client.exchange(unnamed("SELECT 1"), sync()))
                    .startsWith("E[08006")
                    .endsWith("Z[E]");
            assertThat(client.exchange(unnamed(end), sync())).isEqualTo("1 2 n C[ROLLBACK] Z[I]");
        }
    }

    @Test
    void aNamedStatementCanEndALostTransaction() throws Exception {
        client.exchange(parse("end", "ROLLBACK"), sync());
        loseIdleTransaction();
        assertThat(client.exchange(bind("", "end"), execute("", 0), sync())).isEqualTo("2 C[ROLLBACK] Z[I]");
        loseIdleTransaction();
        assertThat(client.exchange(parse("end2", "ROLLBACK"), bind("", "end2"), execute("", 0), sync()))
                .isEqualTo("1 2 C[ROLLBACK] Z[I]");
        loseIdleTransaction();
        assertThat(client.exchange(bind("", "end2"), execute("", 0), sync())).isEqualTo("2 C[ROLLBACK] Z[I]");
    }

    @Test
    void aTransactionThatIsEndedAndBegunAgainInOnePipelineGoesOn() throws Exception {
        loseIdleTransaction();
        client.send(query("ROLLBACK"), query("BEGIN"), query("INSERT INTO done VALUES (2)"), query("COMMIT"));
        List<ServerMessage> all = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            all.addAll(client.readUntilReady());
        }
        assertThat(ServerMessage.transcript(all))
                .isEqualTo("C[ROLLBACK] Z[I] C[BEGIN] Z[T] C[INSERT 0 1] Z[T] C[COMMIT] Z[I]");
    }

    @Test
    void aDeferredBeginLosesNothing() throws Exception {
        client.query("BEGIN");
        postgres.terminateAll(database);
        await().until(() -> postgres.backendsOf(database) == 0
                && proxy.pool(database, "postgres").open()
                        == 0); // a look at PostgreSQL alone may be ahead of the proxy
        assertThat(client.query("INSERT INTO done VALUES (1)")).isEqualTo("C[INSERT 0 1] Z[T]");
        assertThat(client.query("COMMIT")).isEqualTo("C[COMMIT] Z[I]");
    }

    @Test
    void aCopyGetsItsErrorAndItsRestIsIgnored() throws Exception {
        client.send(query("COPY done FROM STDIN"));
        client.readUntil('G');
        client.send(copyData("1\n"));
        postgres.terminateAll(database);
        assertLost(client.readUntilReady(), "E Z[I]");
        client.send(copyData("2\n"), copyDone(), query("SELECT count(*) FROM done"));
        assertThat(ServerMessage.transcript(client.readUntilReady())).isEqualTo("T[count] D[0] C[SELECT 1] Z[I]");
    }

    @Test
    void halfAMessageGetsItsErrorAndItsRestIsIgnored() throws Exception {
        byte[] query = query("SELECT length('" + "1".repeat(500_000) + "')");
        client.send(Arrays.copyOf(query, 400_000));
        await().until(() -> proxy.pool(database, "postgres").idle()
                < proxy.pool(database, "postgres").open());
        postgres.terminateAll(database);
        assertLost(client.readUntilReady(), "E Z[I]");
        client.send(Arrays.copyOfRange(query, 400_000, query.length));
    }

    @Test
    void halfAMessageOfACopyGetsItsErrorAndItsRestIsIgnored() throws Exception {
        client.send(query("COPY done FROM STDIN"));
        client.readUntil('G');
        byte[] data = copyData("1\n".repeat(100_000));
        client.send(Arrays.copyOf(data, 150_000));
        postgres.terminateAll(database);
        assertLost(client.readUntilReady(), "E Z[I]");
        client.send(Arrays.copyOfRange(data, 150_000, data.length), copyDone(), query("SELECT count(*) FROM done"));
        assertThat(ServerMessage.transcript(client.readUntilReady())).isEqualTo("T[count] D[0] C[SELECT 1] Z[I]");
    }

    @Test
    void aCopyByTheExtendedProtocolGetsItsErrorAndOneReadyForQuery() throws Exception {
        client.send(unnamed("COPY done FROM STDIN"), sync());
        client.readUntil('G');
        client.send(copyData("1\n"));
        postgres.terminateAll(database);
        assertThat(client.read()).hasToString(lost());
        assertThat(client.poll(QUIET)).isNull();
        assertThat(client.exchange(copyData("2\n"), copyDone(), sync())).isEqualTo("Z[I]");
        assertThat(client.value("SELECT count(*) FROM done")).isEqualTo("0");
    }

    @Test
    void preparedStatementsSurviveTheirBackend() throws Exception {
        client.exchange(parse("s", "SELECT $1::int + 1"), sync());
        client.exchange(bind("", "s", "1"), execute("", 0), sync());
        postgres.terminateAll(database);
        await().until(() -> postgres.backendsOf(database) == 0);
        assertThat(client.exchange(bind("", "s", "41"), execute("", 0), sync())).isEqualTo("2 D[42] C[SELECT 1] Z[I]");
    }

    @Test
    void aStatementWhoseParseWasLostIsUnknown() throws Exception {
        client.send(query("SELECT 1 FROM pg_sleep(60)"), parse("lost", "SELECT 'lost'"), sync());
        terminateActive();
        client.readUntilReady();
        client.readUntilReady();
        assertThat(client.exchange(bind("", "lost"), execute("", 0), sync())).startsWith("E[26000");
        assertThat(client.exchange(parse("lost", "SELECT 'found'"), bind("", "lost"), execute("", 0), sync()))
                .isEqualTo("1 2 D[found] C[SELECT 1] Z[I]");
    }

    @Test
    void settingsSurviveTheirBackend() throws Exception {
        client.query("SET DateStyle = German");
        client.query("SELECT 1");
        postgres.terminateAll(database);
        await().until(() -> postgres.backendsOf(database) == 0);
        assertThat(client.query("SHOW DateStyle")).isEqualTo("T[DateStyle] D[German, DMY] C[SHOW] Z[I]");
        assertThat(other.query("SHOW DateStyle")).isEqualTo("T[DateStyle] D[ISO, MDY] C[SHOW] Z[I]");
    }

    /** Until pgweir knows of it: a COMMIT before that would be in progress when the backend is lost. */
    private void loseIdleTransaction() throws Exception {
        assertThat(client.query("BEGIN")).isEqualTo("C[BEGIN] Z[T]");
        assertThat(client.query("INSERT INTO done VALUES (1)")).endsWith("Z[T]");
        await().until(() -> {
            postgres.terminateAll(database);
            return proxy.pool(database, "postgres").open() == 0;
        });
    }

    private void terminateActive() {
        await().pollInterval(Duration.ofMillis(10)).until(() -> {
            for (RealPostgres.Backend backend : postgres.backends(database)) {
                if ("active".equals(backend.state()) && backend.query().contains("pg_sleep")) {
                    return postgres.terminate(backend.pid());
                }
            }
            return false;
        });
    }

    /** The answer has this shape, and its error is ours; the server's own text is no message of its own. */
    private static void assertLost(List<ServerMessage> answer, String shape) {
        List<String> words = answer.stream()
                .filter(message -> "T12n".indexOf(message.type()) < 0)
                .map(message -> message.type() == 'E' ? "E" : message.toString())
                .toList();
        assertThat(String.join(" ", words)).isEqualTo(shape);
        ServerMessage error =
                answer.stream().filter(m -> m.type() == 'E').findFirst().orElseThrow();
        assertThat(error).hasToString(lost());
        assertThat(error.fields()).containsEntry('S', "ERROR").containsKeys('R', 'H');
    }

    private static String lost() {
        return "E[08006 the backend of this statement was lost: 57P01 admin_shutdown]";
    }

    private WireClient login() throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), database, "postgres", null);
    }
}
