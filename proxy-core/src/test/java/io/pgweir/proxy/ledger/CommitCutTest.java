package io.pgweir.proxy.ledger;

import static io.pgweir.proxy.testkit.Frontend.join;
import static io.pgweir.proxy.testkit.Frontend.query;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static io.pgweir.proxy.testkit.Frontend.unnamed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.testkit.FaultLeg;
import io.pgweir.proxy.testkit.FaultProxy;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The connection to the server breaks at each byte of the last thing a client sends for its rows, and at each byte of the answer. What
 * the client is told is true in each case, it is told that nothing is known only if that is so, and it goes on.
 */
@Timeout(120)
class CommitCutTest {
    private static final String UNKNOWN = "08007";
    private static final String LOST = "08006";
    /** So near to the end there is a cut at every byte; the last message of an answer has six. */
    private static final int EDGE = 8;
    /** Between them at one in 25 in the build, at every byte for the figures in the documentation. */
    private static final int EVERY = Integer.getInteger("pgweir.commitcut.every", 25);

    private static RealPostgres postgres;
    private static String database;
    private static WireClient direct;
    private static FaultProxy network;
    private static RunningProxy proxy;
    private static int next;

    @BeforeAll
    static void open() throws Exception {
        postgres = RealPostgres.get();
        database = postgres.createDatabase();
        network = FaultProxy.to(postgres.host(), postgres.port(), 1);
        proxy = RunningProxy.before(network, "connection_limit", "2", "statement_timeout", "300ms");
        direct = WireClient.login(
                postgres.host(), postgres.port(), database, postgres.superuser(), postgres.superuserPassword());
        direct.query(Audit.TABLE);
        direct.query(Audit.INDEX);
        direct.query("CREATE TABLE slow (a int)");
        direct.query(
                "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.2); RETURN NULL; END'");
        direct.query("CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED"
                + " FOR EACH ROW EXECUTE FUNCTION wait()");
    }

    @AfterAll
    static void close() throws Exception {
        proxy.close();
        network.close();
        direct.close();
        postgres.dropDatabase(database);
    }

    @ParameterizedTest
    @EnumSource(value = Form.class, mode = EnumSource.Mode.EXCLUDE, names = "ROLLED_BACK")
    void whereverItBreaksTheClientIsToldTheTruth(Form form) throws Exception {
        try (WireClient client = login()) {
            client.exchange(Form.PREPARATION);
            long[] lengths = lengths(client, form);
            Map<String, Integer> figures = new TreeMap<>();
            String doubt = form.commits() ? UNKNOWN : LOST;
            for (int at : places(lengths[0])) {
                network.cutOrderly(at % 2 == 0);
                List<ServerMessage> answer = cut(client, form, network.toServer(), at, figures);
                assertThat(codes(answer)).as("request cut at %d", at).containsOnly(doubt);
            }
            for (int at : places(lengths[1])) {
                network.cutOrderly(at % 2 == 0);
                List<ServerMessage> answer = cut(client, form, network.toClient(), at, figures);
                assertThat(codes(answer)).as("answer cut at %d", at).containsOnly(doubt);
                if (!isPipeline(form)) {
                    assertThat(there(next - 1)).as("answer cut at %d", at).isEqualTo(1);
                }
            }
            assertThat(codes(cut(client, form, network.toClient(), (int) lengths[1], figures)))
                    .as("cut behind the answer")
                    .isEmpty();
            System.out.printf("cut in %s, %d bytes and %d bytes back: %s%n", form, lengths[0], lengths[1], figures);
        }
    }

    private static int[] places(long length) {
        return IntStream.range(0, (int) length)
                .filter(at -> at >= length - EDGE || at % EVERY == 0)
                .toArray();
    }

    /** Whose answers come one by one: a server that cannot send the first may or may not go on with the rest. */
    private static boolean isPipeline(Form form) {
        return form == Form.PIPELINE || form == Form.PIPELINE_IN_TWO;
    }

    /** The numbers of bytes of a whole last step and of its answer. */
    private static long[] lengths(WireClient client, Form form) throws IOException {
        write(client, form, () -> {}); // what is prepared on the first use is prepared
        long[] begin = new long[2];
        write(client, form, () -> {
            begin[0] = network.toServer().passed();
            begin[1] = network.toClient().passed();
        });
        return new long[] {
            network.toServer().passed() - begin[0], network.toClient().passed() - begin[1]
        };
    }

    /** Writes rows while {@code leg} is to break {@code at} bytes on, and audits them. */
    private static List<ServerMessage> cut(
            WireClient client, Form form, FaultLeg leg, int at, Map<String, Integer> figures) throws IOException {
        // The backend is the one that was used last, or a new one, with everything prepared that a form needs.
        write(client, form, () -> {});
        List<ServerMessage> answer = write(client, form, () -> leg.cutOnceAfter(at));
        leg.cutNever();
        Told told = Told.by(answer, form.commits());
        int there = there(next - 1);
        String as = form + " cut at " + at + ": " + ServerMessage.transcript(answer);
        assertThat(there).as(as).isLessThanOrEqualTo(1);
        assertThat(form.rows() == 1 || there(next - 2) == there).as(as).isTrue();
        if (told != Told.UNKNOWN) {
            assertThat(there).as(as).isEqualTo(told == Told.ACKNOWLEDGED ? 1 : 0);
        }
        figures.merge(told + (there > 0 ? " and there" : " and not there"), 1, Integer::sum);
        assertThat(client.query("SELECT 1")).as(as).endsWith("D[1] C[SELECT 1] Z[I]");
        return answer;
    }

    /** What must happen just before the last step. */
    private interface Before {
        void lastStep() throws IOException;
    }

    private static List<ServerMessage> write(WireClient client, Form form, Before before) throws IOException {
        List<Form.Row> rows = new ArrayList<>();
        for (int i = 0; i < form.rows(); i++) {
            rows.add(new Form.Row("a0-" + next, "u0-" + next, 0, next));
            next++;
        }
        List<ServerMessage> answer = List.of();
        List<Form.Step> steps = form.steps(rows);
        for (int i = 0; i < steps.size(); i++) {
            if (i == steps.size() - 1) {
                before.lastStep();
            }
            client.send(join(steps.get(i).writes().toArray(new byte[0][])));
            answer = new ArrayList<>();
            for (int open = steps.get(i).answers(); open > 0; open--) {
                answer.addAll(client.readUntilReady());
            }
        }
        return answer;
    }

    /** Known before COMMIT is sent: nothing is in doubt. */
    @Test
    void aConnectionThatBreaksBeforeCommitIsNoDoubt() throws Exception {
        try (WireClient client = login()) {
            for (byte[] commit : List.of(query("COMMIT"), join(unnamed("COMMIT"), sync()))) {
                List<Form.Row> rows = begin(client);
                network.resetAll();
                await().until(() -> pool().open() == 0);
                List<ServerMessage> answer = answer(client, commit);
                assertThat(codes(answer)).containsExactly(LOST);
                assertThat(answer.get(answer.size() - 1)).hasToString("Z[I]");
                assertThat(there(rows.get(0).n())).isZero();
            }
        }
    }

    /** The connection breaks while COMMIT is on its way, a little earlier or later each time. */
    @Test
    void whicheverComesFirst() throws Exception {
        long seed = Long.getLong("pgweir.test.seed", System.nanoTime());
        Random random = new Random(seed);
        Map<String, Integer> figures = new TreeMap<>();
        try (WireClient client = login()) {
            for (int round = 0; round < 60; round++) {
                List<Form.Row> rows = begin(client);
                long pause = random.nextInt(400_000);
                Thread cutter = new Thread(() -> {
                    LockSupport.parkNanos(pause);
                    try {
                        network.resetAll();
                    } catch (IOException e) {
                        throw new IllegalStateException(e);
                    }
                });
                cutter.start();
                List<ServerMessage> answer = answer(client, query("COMMIT"));
                cutter.join();
                Told told = Told.by(answer, true);
                awaitNobody();
                await().until(() -> pool().open() == 0); // else it could break under the next round's BEGIN
                int there = there(rows.get(0).n());
                if (told != Told.UNKNOWN) {
                    assertThat(there).as("seed %d: %s", seed, answer).isEqualTo(told == Told.ACKNOWLEDGED ? 1 : 0);
                }
                figures.merge(told + (there > 0 ? " and there" : " and not there"), 1, Integer::sum);
            }
        }
        System.out.printf("COMMIT and a reset at the same time, seed %d: %s%n", seed, figures);
    }

    @Test
    void aBackendThatIsTerminatedDuringCommitLeavesADoubt() throws Exception {
        try (WireClient client = login()) {
            client.query("BEGIN");
            client.query("INSERT INTO slow VALUES (1)");
            client.send(query("COMMIT"));
            await().pollInterval(Duration.ofMillis(5)).until(() -> terminateCommitting());
            assertThat(codes(client.readUntilReady())).containsExactly(UNKNOWN);
            assertThat(client.query("SELECT count(*) FROM slow")).endsWith("D[0] C[SELECT 1] Z[I]");
        }
    }

    @Test
    void soItDoesForAClientThatKeepsItsBackend() throws Exception {
        try (WireClient client = login()) {
            client.query("CREATE TEMP TABLE kept (a int)");
            client.query("BEGIN");
            client.query("INSERT INTO slow VALUES (1)");
            client.send(query("COMMIT"));
            await().pollInterval(Duration.ofMillis(5)).until(() -> terminateCommitting());
            ServerMessage error = client.readUntil('E').get(0);
            assertThat(error.fields()).containsEntry('S', "FATAL").containsEntry('C', UNKNOWN);
        }
    }

    private static boolean terminateCommitting() throws IOException {
        return "1"
                .equals(direct.value("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                        + " WHERE datname = current_database() AND state = 'active' AND query = 'COMMIT'"));
    }

    /** The answers to COMMIT and to an INSERT are held up, statement_timeout ends the wait, and nobody answers the cancel either. */
    @Test
    void whatTimesOutUnansweredLeavesADoubt() throws Exception {
        try (WireClient client = login();
                WireClient other = login()) {
            Form.Row committed = begin(client).get(0);
            other.query("SELECT 1");
            Form.Row inserted = new Form.Row("a0-" + next, "u0-" + next, 0, next++);
            network.toClient().stall();
            List<ServerMessage> ofCommit;
            List<ServerMessage> ofInsert;
            try {
                client.send(query("COMMIT"));
                other.send(query(inserted.insert()));
                ofCommit = client.readUntilReady();
                ofInsert = other.readUntilReady();
            } finally {
                network.toClient().resume();
            }
            assertThat(codes(ofCommit)).containsExactly(UNKNOWN);
            assertThat(ofCommit.get(0).fields().get('D')).contains("statement_timeout of 0.3s");
            assertThat(ofCommit.get(1)).hasToString("Z[I]");
            assertThat(codes(ofInsert)).containsExactly("57014");
            assertThat(ofInsert.get(0).fields().get('D')).contains("may or may not have run");
            assertThat(there(committed.n())).isEqualTo(1);
            assertThat(there(inserted.n())).isEqualTo(1);
            assertThat(client.query("SELECT 1")).endsWith("D[1] C[SELECT 1] Z[I]");
            assertThat(other.query("SELECT 1")).endsWith("D[1] C[SELECT 1] Z[I]");
        }
    }

    private static List<Form.Row> begin(WireClient client) throws IOException {
        Form.Row row = new Form.Row("a0-" + next, "u0-" + next, 0, next++);
        assertThat(client.query("BEGIN")).endsWith("Z[T]");
        assertThat(client.query(row.insert())).endsWith("Z[T]");
        return List.of(row);
    }

    private static List<ServerMessage> answer(WireClient client, byte[] message) throws IOException {
        client.send(message);
        return client.readUntilReady();
    }

    private static List<String> codes(List<ServerMessage> answer) {
        return answer.stream().filter(m -> m.type() == 'E').map(Told::code).toList();
    }

    private static int there(int n) throws IOException {
        awaitNobody();
        return Integer.parseInt(String.valueOf(direct.value("SELECT count(*) FROM ledger WHERE n = " + n)));
    }

    /** A backend whose connection broke may still be busy with the last that it has read. */
    private static void awaitNobody() {
        await().atMost(10, TimeUnit.SECONDS)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> "0"
                        .equals(direct.value("SELECT count(*) FROM pg_stat_activity WHERE datname ="
                                + " current_database() AND pid <> pg_backend_pid() AND state <> 'idle'")));
    }

    private static Pool pool() {
        return proxy.pool(database, "postgres");
    }

    private static WireClient login() throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), database, "postgres", null);
    }
}
