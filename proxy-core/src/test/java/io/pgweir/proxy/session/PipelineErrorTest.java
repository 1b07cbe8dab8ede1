package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.bind;
import static io.pgweir.proxy.testkit.Frontend.describePortal;
import static io.pgweir.proxy.testkit.Frontend.execute;
import static io.pgweir.proxy.testkit.Frontend.join;
import static io.pgweir.proxy.testkit.Frontend.query;
import static io.pgweir.proxy.testkit.Frontend.unnamed;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An error that pgweir raises at any place of a 100-statement pipeline is answered message for message like an error of
 * PostgreSQL's own at the same place, however the client's bytes are cut.
 */
@Timeout(120)
class PipelineErrorTest {
    private static final RealPostgres POSTGRES = RealPostgres.get();
    private static final long SEED = Long.getLong("pgweir.test.seed", System.nanoTime());
    private static final int AT_ONCE = 16;

    /** What fails in PostgreSQL while it executes, after the description of the row. */
    private static final byte[] FAILS = unnamed("SELECT 1/(random()*0)::int AS x");

    private static final byte[] QUERY_FAILS = query("SELECT 1 AS y; SELECT 1/(random()*0)::int AS x; SELECT 3");

    private static final String STRAY = "E[stray]";
    private static final AtomicInteger NONCE = new AtomicInteger();
    private static String database = "";

    @BeforeAll
    static void create() throws Exception {
        database = POSTGRES.createDatabase();
        try (WireClient client = direct()) {
            client.query("CREATE TABLE piped (a int)");
        }
    }

    @AfterAll
    static void drop() throws Exception {
        POSTGRES.dropDatabase(database);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aStatementTimeoutIsAnsweredLikeAnError(boolean inTransaction) throws Exception {
        try (RunningProxy proxy = RunningProxy.before(
                POSTGRES, "connection_limit", "" + AT_ONCE, "statement_timeout", "400ms", "transaction_timeout", "0")) {
            byte[] slow = unnamed("SELECT 1 AS x FROM pg_sleep(9)");
            byte[] slowQuery = query("SELECT 1 AS y; SELECT 1 AS x FROM pg_sleep(9); SELECT 3");
            everywhere(position -> {
                boolean byQuery = position % 5 == 0;
                Pipeline ours = Pipeline.of(SEED, position, byQuery ? slowQuery : slow, fresh(inTransaction));
                Pipeline theirs = Pipeline.of(SEED, position, byQuery ? QUERY_FAILS : FAILS);
                List<String> expected = onPostgres(theirs.normal(0, theirs.units()), inTransaction);
                try (WireClient client = login(proxy)) {
                    List<String> answer = run(
                            client, ours.normal(0, ours.units()), inTransaction, position, "57014", expected.size());
                    forgiveOneStray(answer, expected, ours.culpritUnit() + 1);
                    assertThat(answer)
                            .as("position %d, seed %d", position, SEED)
                            .isEqualTo(expected);
                }
            });
        }
    }

    @Test
    void aLostBackendInATransactionIsAnsweredLikeAnError() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES, "connection_limit", "" + AT_ONCE)) {
            everywhere(position -> {
                Pipeline ours = Pipeline.of(SEED, position, lost(position), fresh(true));
                Pipeline theirs = Pipeline.of(SEED, position, position % 5 == 0 ? QUERY_FAILS : FAILS);
                List<String> expected = onPostgres(theirs.normal(0, theirs.units()), true);
                try (WireClient client = login(proxy)) {
                    List<String> answer =
                            run(client, ours.normal(0, ours.units()), true, position, "08006", expected.size());
                    forgiveAnOvertakenAnswer(answer, expected, theirs.culpritUnit(), "E Z[E]", answer.size());
                    assertThat(answer)
                            .as("position %d, seed %d", position, SEED)
                            .isEqualTo(expected);
                }
            });
        }
    }

    /**
     * What was sent to the lost backend fails unit by unit; what pgweir reads afterwards runs on another one. Where the one
     * ends and the other begins depends on when the client's bytes come, so each unit may have either answer, in that order.
     */
    @Test
    void aLostBackendOutsideATransactionIsAnsweredLikeAnErrorInEachUnitItOwed() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(POSTGRES, "connection_limit", "" + AT_ONCE)) {
            everywhere(position -> {
                Pipeline ours = Pipeline.of(SEED, position, lost(position));
                Pipeline theirs = Pipeline.of(SEED, position, position % 5 == 0 ? QUERY_FAILS : FAILS);
                int next = theirs.culpritUnit() + 1;
                List<String> served = onPostgres(theirs.normal(0, theirs.units()), false);
                List<String> failed =
                        onPostgres(join(theirs.normal(0, next), theirs.failing(next, theirs.units())), false);
                try (WireClient client = login(proxy)) {
                    List<String> answer =
                            run(client, ours.normal(0, ours.units()), false, position, "08006", served.size());
                    assertThat(answer)
                            .as("position %d, seed %d", position, SEED)
                            .hasSameSizeAs(served);
                    forgiveAnOvertakenAnswer(answer, failed, theirs.culpritUnit(), "E Z[I]", next);
                    int same = 0;
                    while (same < answer.size() && answer.get(same).equals(failed.get(same))) {
                        same++;
                    }
                    assertThat(same).as("position %d, seed %d", position, SEED).isGreaterThanOrEqualTo(next);
                    assertThat(answer.subList(same, answer.size()))
                            .as("position %d, seed %d, from unit %d", position, SEED, same)
                            .isEqualTo(served.subList(same, served.size()));
                }
            });
        }
    }

    @Test
    void aPoolTimeoutIsAnsweredLikeAnErrorInEachUnit() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(
                        POSTGRES,
                        "connection_limit",
                        "1",
                        "pool_timeout",
                        "0",
                        "event_loops",
                        "1",
                        "idle_in_transaction_timeout",
                        "0",
                        // Another backend for every statement would have to be opened first.
                        "shuffle",
                        "false");
                WireClient holder = login(proxy)) {
            org.awaitility.Awaitility.await()
                    .until(() -> holder.query("SELECT 1").contains("D[1]"));
            for (int position = 1; position <= Pipeline.STATEMENTS; position++) {
                Pipeline pipeline = Pipeline.of(SEED, position, unnamed("SELECT 'here'"));
                int at = pipeline.culpritUnit();
                List<String> expected =
                        onPostgres(join(pipeline.normal(0, at), pipeline.failing(at, pipeline.units())), false);
                try (WireClient client = login(proxy)) {
                    List<String> answer = new ArrayList<>();
                    client.send(pipeline.normal(0, at));
                    for (int unit = 0; unit < at; unit++) {
                        answer.add(text(client.readUntilReady()));
                    }
                    holder.query("BEGIN");
                    assertThat(holder.query("SELECT 1")).endsWith("Z[T]");
                    sendInPieces(client, pipeline.normal(at, pipeline.units()), new Random(SEED + position));
                    for (int unit = at; unit < pipeline.units(); unit++) {
                        List<ServerMessage> messages = client.readUntilReady();
                        assertThat(codeOf(messages)).isEqualTo("53300");
                        answer.add(text(messages));
                    }
                    holder.query("ROLLBACK");
                    assertThat(client.query("SELECT 'the end'")).contains("D[the end]");
                    assertThat(answer)
                            .as("position %d, seed %d", position, SEED)
                            .isEqualTo(expected);
                }
            }
        }
    }

    @Test
    void aPoolTimeoutBehindADeferredBeginIsAnsweredLikeAnErrorInTheTransaction() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(
                        POSTGRES, "connection_limit", "1", "pool_timeout", "20ms", "idle_in_transaction_timeout", "0");
                WireClient holder = login(proxy)) {
            holder.query("BEGIN");
            holder.query("SELECT 1");
            for (int round = 0; round < 20; round++) {
                Pipeline ours = Pipeline.of(SEED + round, 1, unnamed("SELECT 'here'"));
                List<String> expected = onPostgres(ours.failing(0, ours.units()), true);
                try (WireClient client = login(proxy)) {
                    assertThat(run(client, ours.normal(0, ours.units()), true, round, "53300", expected.size()))
                            .as("round %d, seed %d", round, SEED)
                            .isEqualTo(expected);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anUnknownPreparedStatementIsAnsweredLikePostgresDoes(boolean inTransaction) throws Exception {
        byte[] culprit = join(bind("", "nobody"), describePortal(""), execute("", 0));
        try (RunningProxy proxy = RunningProxy.before(POSTGRES, "connection_limit", "" + AT_ONCE)) {
            everywhere(position -> {
                Pipeline pipeline = Pipeline.of(SEED, position, culprit, fresh(inTransaction));
                byte[] bytes = pipeline.normal(0, pipeline.units());
                List<String> expected = onPostgres(bytes, inTransaction);
                try (WireClient client = login(proxy)) {
                    assertThat(run(client, bytes, inTransaction, position, "26000", expected.size()))
                            .as("position %d, seed %d", position, SEED)
                            .isEqualTo(expected);
                }
            });
        }
    }

    @Test
    void aStatementThatThePoolModeForbidsIsAnsweredLikeAnError() throws Exception {
        byte[] theirCulprit = unnamed("SELEC");
        try (RunningProxy proxy =
                RunningProxy.before(POSTGRES, "connection_limit", "" + AT_ONCE, "pool_mode", "statement")) {
            everywhere(position -> {
                Pipeline ours = Pipeline.of(SEED, position, unnamed("BEGIN"));
                Pipeline theirs = Pipeline.of(SEED, position, theirCulprit);
                List<String> expected = onPostgres(theirs.normal(0, theirs.units()), false);
                try (WireClient client = login(proxy)) {
                    assertThat(run(client, ours.normal(0, ours.units()), false, position, "0A000", expected.size()))
                            .as("position %d, seed %d", position, SEED)
                            .isEqualTo(expected);
                }
            });
        }
    }

    private static byte[] lost(int position) {
        String sql = "SELECT 1 AS x FROM pg_terminate_backend(pg_backend_pid(), 5000)";
        return position % 5 == 0 ? query("SELECT 1 AS y; " + sql + "; SELECT 3") : unnamed(sql);
    }

    /**
     * In a failed transaction a Parse that no backend knows: one that is known, and sent before the failure was, is answered
     * before the error.
     */
    private static String fresh(boolean inTransaction) {
        return inTransaction ? " -- " + NONCE.incrementAndGet() : "";
    }

    /** PostgreSQL's own answers, one line for each ReadyForQuery. */
    private static List<String> onPostgres(byte[] bytes, boolean inTransaction) throws IOException {
        String end = inTransaction ? "ROLLBACK" : "SELECT 'the end'";
        try (WireClient client = direct()) {
            if (inTransaction) {
                client.query("BEGIN");
            }
            client.send(bytes, query(end));
            List<String> answers = new ArrayList<>();
            String answer = text(client.readUntilReady());
            while (!answer.contains("C[ROLLBACK]") && !answer.contains("D[the end]")) {
                answers.add(answer);
                answer = text(client.readUntilReady());
            }
            return answers;
        }
    }

    /** As many answers as PostgreSQL gave; the first error must have {@code code}, and nothing more may come. */
    private static List<String> run(
            WireClient client, byte[] bytes, boolean inTransaction, int position, String code, int times)
            throws IOException {
        if (inTransaction) {
            assertThat(client.query("BEGIN")).isEqualTo("C[BEGIN] Z[T]");
        }
        sendInPieces(client, bytes, new Random(SEED + position));
        List<String> answers = new ArrayList<>();
        String first = null;
        for (int i = 0; i < times; i++) {
            List<ServerMessage> messages = client.readUntilReady();
            first = first == null ? codeOf(messages) : first;
            answers.add(text(messages));
        }
        assertThat(first).as("position %d, seed %d", position, SEED).isEqualTo(code);
        if (inTransaction) {
            assertThat(client.query("ROLLBACK")).isEqualTo("C[ROLLBACK] Z[I]");
        } else {
            assertThat(client.query("SELECT 'the end'")).isEqualTo("T[?column?] D[the end] C[SELECT 1] Z[I]");
        }
        return answers;
    }

    private static void sendInPieces(WireClient client, byte[] bytes, Random random) throws IOException {
        int most = 1 << (5 + random.nextInt(9));
        int at = 0;
        while (at < bytes.length) {
            int size = Math.min(bytes.length - at, 1 + random.nextInt(most));
            client.send(java.util.Arrays.copyOfRange(bytes, at, at + size));
            at += size;
            if (random.nextInt(16) == 0) {
                LockSupport.parkNanos(60_000);
            }
        }
    }

    /** The code of the first error, or null. */
    private static @Nullable String codeOf(List<ServerMessage> messages) {
        return messages.stream()
                .filter(message -> message.type() == 'E')
                .map(message -> message.fields().get('C'))
                .findFirst()
                .orElse(null);
    }

    /**
     * The answer to one unit behind a timeout may be an error that says why: the second signal that PostgreSQL sends for one
     * CancelRequest has met it. As far as it goes it must be right, and it is taken for right then.
     */
    private static void forgiveOneStray(List<String> answer, List<String> expected, int from) {
        for (int i = from; i < answer.size(); i++) {
            int stray = answer.get(i).indexOf(STRAY);
            if (stray >= 0) {
                assertThat(expected.get(i)).startsWith(answer.get(i).substring(0, stray));
                assertThat(answer.get(i).substring(stray)).isEqualTo(STRAY + " Z[I]");
                answer.set(i, expected.get(i));
                return;
            }
        }
    }

    /**
     * PostgreSQL ends with requests unread, so that its kernel resets the connection, and a reset may overtake the answers
     * before it: then the error may come that much earlier, and everything behind it that was owed has failed.
     *
     * @param failure how a unit ends that has failed
     * @param owed how many units fail at least
     */
    private static void forgiveAnOvertakenAnswer(
            List<String> answer, List<String> expected, int culprit, String failure, int owed) {
        int first = 0;
        while (first < culprit && answer.get(first).equals(expected.get(first))) {
            first++;
        }
        String early = answer.get(first);
        int told = early.indexOf(failure);
        boolean overtaken = told >= 0 && expected.get(first).startsWith(early.substring(0, told));
        boolean failedBehind = answer.subList(first + 1, owed).stream().allMatch(failure::equals);
        for (int i = first; overtaken && failedBehind && i <= culprit; i++) {
            answer.set(i, expected.get(i));
        }
    }

    private static String textOf(ServerMessage error) {
        return error.fields().get('M').contains("timeout of an earlier statement") ? STRAY : "E";
    }

    private static String text(List<ServerMessage> messages) {
        return messages.stream()
                .map(message -> message.type() == 'E' ? textOf(message) : message.toString())
                .collect(Collectors.joining(" "));
    }

    private interface Action {
        void at(int position) throws Exception;
    }

    /** Every position, several at a time. */
    private static void everywhere(Action action) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
        try {
            List<Callable<Void>> all = IntStream.rangeClosed(1, Pipeline.STATEMENTS)
                    .<Callable<Void>>mapToObj(position -> () -> {
                        action.at(position);
                        return null;
                    })
                    .toList();
            for (Future<Void> each : threads.invokeAll(all)) {
                each.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static WireClient direct() throws IOException {
        return WireClient.login(
                POSTGRES.host(), POSTGRES.port(), database, POSTGRES.superuser(), POSTGRES.superuserPassword());
    }

    private static WireClient login(RunningProxy proxy) throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), database, "postgres", null);
    }
}
