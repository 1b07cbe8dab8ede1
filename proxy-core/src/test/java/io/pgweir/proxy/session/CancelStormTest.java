package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * 32 clients run short queries through few backends while as many CancelRequests fly: with the right key, with keys of
 * clients that have left, with wrong keys. Some clients break off, some exceed statement_timeout, so that pgweir sends
 * cancels of its own as well.
 *
 * <p>A query is meant by a cancel if that carried its client's key and was under way (from before its connect until the
 * server had closed it) at some time between the query's sending and the end of its answer. Any other query that ends with
 * 57014 fails the test, and so does one that is said to have exceeded statement_timeout before that time was over, and any
 * answer that is not the client's own.
 */
@Timeout(580)
class CancelStormTest {
    private static final int CLIENTS = 32;
    private static final int QUERIES = Integer.getInteger("pgweir.cancelstorm.queries", 1_500);
    private static final long LIMIT_MILLIS = 40;
    private static final long GRACE_MILLIS = 2_000;
    /** 31 others may come first, each with a transaction of some seconds where the machine is too slow to cancel it. */
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final long seed = Long.getLong("pgweir.test.seed", System.nanoTime());
    private final AtomicInteger queries = new AtomicInteger();
    private final AtomicInteger cancels = new AtomicInteger();
    private final AtomicInteger canceled = new AtomicInteger();
    private final AtomicInteger canceledInQueue = new AtomicInteger();
    private final AtomicInteger timedOut = new AtomicInteger();
    private final AtomicInteger givenUp = new AtomicInteger();
    private final StaleKeys stale = new StaleKeys();
    private RunningProxy proxy;
    private String database = "";
    private int most;
    private String mode = "";

    @ParameterizedTest(name = "{0}, {1} backends, {2} loops")
    @CsvSource({"transaction,1,2", "transaction,2,1", "transaction,3,2", "transaction,4,3", "session,34,2"})
    void onlyTheQueryThatIsMeantIsCancelled(String poolMode, int backends, int loops) throws Exception {
        mode = poolMode;
        RealPostgres postgres = RealPostgres.get();
        database = postgres.createDatabase();
        most = backends == 1 ? QUERIES / 2 : QUERIES; // each waits for all others there
        List<Client> clients = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(2 * CLIENTS);
        try (RunningProxy running = RunningProxy.before(
                postgres,
                "pool_mode",
                mode,
                "connection_limit",
                String.valueOf(backends),
                "event_loops",
                String.valueOf(loops),
                "pool_timeout",
                PATIENCE.toSeconds() + "s",
                "statement_timeout",
                "10s")) {
            proxy = running;
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(new Client(Kind.of(i), new Random(seed + i)));
            }
            List<Future<Void>> running32 = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                running32.add(threads.submit(clients.get(i)));
                running32.add(threads.submit(new Canceler(clients, i, new Random(seed - i - 1))));
            }
            for (Future<Void> each : running32) {
                each.get();
            }
            proxy.awaitQuiet();
        } finally {
            threads.shutdownNow();
            postgres.dropDatabase(database);
        }
        System.out.printf(
                "cancel storm %s, %d backends, %d loops: %d queries, %d cancels, %d queries cancelled, %d in the"
                        + " queue, %d timed out, %d given up, seed %d%n",
                mode,
                backends,
                loops,
                queries.get(),
                cancels.get(),
                canceled.get(),
                canceledInQueue.get(),
                timedOut.get(),
                givenUp.get(),
                seed);
        assertThat(canceled.get()).as("cancelled as it ran, seed %d", seed).isPositive();
        assertThat(cancels.get()).as("cancels").isGreaterThanOrEqualTo(queries.get());
    }

    /** What becomes of a client's queries. */
    enum Kind {
        /** Its key is used while it works. */
        TARGET,
        /** Nobody has its key while it is there; it leaves and comes again, and its old keys are used. */
        BYSTANDER,
        /** As a bystander, but it leaves in the middle of a query. */
        DESERTER,
        /** As a bystander, but its queries last about as long as they may. */
        SLOW,
        /** Cancels itself when it has nothing to do, waits until that connection is closed, and goes on. */
        PUNCTUAL;

        static Kind of(int number) {
            return switch (number) {
                case 0 -> SLOW;
                case 1, 2, 3 -> DESERTER;
                case 4, 5, 6, 7 -> PUNCTUAL;
                default -> number % 2 == 0 ? TARGET : BYSTANDER;
            };
        }
    }

    /** Keys of clients that are gone. */
    private static final class StaleKeys {
        private final int[] pids = new int[64];
        private final byte[][] keys = new byte[64][];
        private int count;

        synchronized void add(int pid, byte[] key) {
            pids[count % 64] = pid;
            keys[count % 64] = key;
            count++;
        }

        synchronized byte[] any(Random random) {
            if (count == 0) {
                return Frontend.cancelRequest(1, new byte[4]);
            }
            int at = random.nextInt(Math.min(count, 64));
            return Frontend.cancelRequest(pids[at], keys[at]);
        }
    }

    private final class Client implements Callable<Void> {
        private final Kind kind;
        private final Random random;
        private volatile WireClient wire;
        private volatile boolean over;
        /** In a transaction, so that its queries run at once. */
        private volatile boolean holding;
        /** Cancels with its key: how many have begun, and how many of them, all before the others, are over. */
        private volatile int begun;

        private volatile int ended;
        private int hits;

        Client(Kind kind, Random random) throws IOException {
            this.kind = kind;
            this.random = random;
            this.wire = comes();
        }

        @Override
        public Void call() throws Exception {
            try {
                // On a slow machine with one backend nearly all are hit in the queue: then it takes more of them.
                while (queries.getAndIncrement() < most || canceled.get() == 0) {
                    if (kind == Kind.DESERTER && random.nextInt(10) == 0) {
                        wire.send(Frontend.query("SELECT pg_sleep(0.00" + random.nextInt(10) + ")"));
                        LockSupport.parkNanos(random.nextInt(2_000_000));
                        comeAgain(true);
                    } else if ((kind == Kind.BYSTANDER || kind == Kind.DESERTER) && random.nextInt(100) == 0) {
                        comeAgain(false);
                    }
                    if (kind == Kind.PUNCTUAL) {
                        wire.cancel();
                        cancels.incrementAndGet();
                    }
                    if (kind == Kind.TARGET && random.nextBoolean()) {
                        transaction();
                    } else {
                        one();
                    }
                }
            } finally {
                over = true;
            }
            assertThat(hits).as("%s: hits of %d cancels", kind, begun).isLessThanOrEqualTo(begun);
            wire.close();
            return null;
        }

        private WireClient comes() throws IOException {
            WireClient client = login();
            if (kind != Kind.TARGET) { // which may wait for its cancel, however slow the machine is
                client.send(Frontend.query("SET pgweir.statement_timeout = '" + LIMIT_MILLIS + "ms'"));
                assertThat(ServerMessage.transcript(client.readUntilReady())).isEqualTo("C[SET] Z[I]");
            }
            return client;
        }

        private void comeAgain(boolean reset) throws IOException {
            WireClient old = wire;
            if (reset) {
                old.reset();
            } else {
                old.send(Frontend.terminate()).close();
            }
            stale.add(old.pid(), old.cancelKey());
            wire = comes();
        }

        /** Its later queries wait for nobody, so that cancels meet them running. */
        private void transaction() throws IOException {
            wire.query("BEGIN");
            for (int i = 0; i < 4 && one(); i++) {
                holding = true; // not from BEGIN on: pgweir answers that without a backend
                queries.getAndIncrement();
            }
            while (!wire.query("ROLLBACK").contains("C[ROLLBACK]")) {
                canceledInQueue.incrementAndGet(); // before it began
            }
            holding = false;
        }

        /**
         * A server that answers neither a statement that takes too long nor its cancel within the grace of two seconds is given
         * up, and with it the session that cannot go on with another.
         */
        private void assertGivenUp(EOFException closed, long sent) {
            assertThat(kind)
                    .as("%s, seed %d: %s", kind, seed, closed.getMessage())
                    .isNotEqualTo(Kind.TARGET);
            assertThat(mode).as(closed.getMessage()).isEqualTo("session");
            assertThat(closed).hasMessageContaining("after E[57014 canceling statement due to statement timeout");
            assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - sent))
                    .isGreaterThanOrEqualTo(LIMIT_MILLIS + GRACE_MILLIS);
            givenUp.incrementAndGet();
        }

        /** False if it was cancelled. */
        private boolean one() throws IOException {
            String own = "n" + random.nextLong();
            int micros = random.nextInt(4) > 0 ? 300 : 3_000;
            if (kind == Kind.SLOW && random.nextBoolean()) {
                micros = (int) LIMIT_MILLIS * 1_000 - 1_000 + random.nextInt(4_000);
            } else if (holding && random.nextBoolean()) {
                micros = 2_000_000; // a cancel meets it running
            }
            String sql = "SELECT '" + own + "' FROM pg_sleep(" + micros / 1e6 + ")";
            byte[] request =
                    random.nextBoolean() ? Frontend.query(sql) : Frontend.join(Frontend.unnamed(sql), Frontend.sync());
            int endedBefore = ended;
            long sent = System.nanoTime();
            wire.send(request);
            List<ServerMessage> answer;
            try {
                answer = wire.readUntilReady();
            } catch (EOFException closed) {
                assertGivenUp(closed, sent);
                comeAgain(true);
                return false;
            }
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - sent);
            int begunAfter = begun;
            String text = ServerMessage.transcript(answer);
            if (text.contains("E[57014 canceling statement due to statement timeout")) {
                assertThat(millis).as("%s, seed %d: %s", kind, seed, text).isGreaterThanOrEqualTo(LIMIT_MILLIS);
                timedOut.incrementAndGet();
            } else if (text.contains("E[57014 canceling statement due to user request")) {
                assertThat(begunAfter)
                        .as(
                                "%s, seed %d: cancels begun before the answer was there, of which %d had ended before the"
                                        + " query was sent",
                                kind, seed, endedBefore)
                        .isGreaterThan(endedBefore);
                hits++;
                (text.contains("while it waited") ? canceledInQueue : canceled).incrementAndGet();
            } else {
                assertThat(text).as("%s, seed %d", kind, seed).contains("D[" + own + "] C[SELECT 1] Z[");
                assertThat(text).doesNotContain("E[");
                return true;
            }
            return false;
        }
    }

    /** Sends cancels as long as its client works: with that client's key if it is a target, else with keys of no client. */
    private final class Canceler implements Callable<Void> {
        private final List<Client> clients;
        private final int number;
        private final Client client;
        private final Random random;

        Canceler(List<Client> clients, int number, Random random) {
            this.clients = clients;
            this.number = number;
            this.client = clients.get(number);
            this.random = random;
        }

        @Override
        public Void call() throws Exception {
            while (!client.over || cancels.get() < queries.get()) {
                if (client.kind == Kind.TARGET) {
                    awaitItsTurn();
                    client.begun++;
                    send(Frontend.cancelRequest(client.wire.pid(), client.wire.cancelKey()));
                    client.ended++;
                    LockSupport.parkNanos(random.nextInt(1_000_000));
                } else {
                    awaitQueries();
                    send(random.nextBoolean() ? stale.any(random) : wrong());
                }
            }
            return null;
        }

        /** Every other target is cancelled only as they hold a backend: else nearly all would be hit in the queue. */
        private void awaitItsTurn() {
            while (number % 4 == 0 && !client.holding && !client.over) {
                LockSupport.parkNanos(100_000);
            }
        }

        /** Two cancels a query; more would only keep the machine busy, and a cancel that is meant would come too late. */
        private void awaitQueries() {
            while (cancels.get() > 2 * queries.get() && !client.over) {
                LockSupport.parkNanos(100_000);
            }
        }

        private byte[] wrong() {
            WireClient victim = clients.get(random.nextInt(CLIENTS)).wire;
            byte[] key = victim.cancelKey();
            switch (random.nextInt(3)) {
                case 0 -> {
                    key[random.nextInt(key.length)] ^= (byte) (1 << random.nextInt(8));
                    return Frontend.cancelRequest(victim.pid(), key);
                }
                case 1 -> {
                    return Frontend.cancelRequest(victim.pid(), Arrays.copyOf(key, key.length + 4));
                }
                default -> {
                    return Frontend.cancelRequest(victim.pid() + 1, key);
                }
            }
        }

        private void send(byte[] request) throws IOException {
            try (WireClient connection = WireClient.connect(proxy.host(), proxy.port())) {
                connection.send(request);
                assertThat(connection.readUntilClosed()).isEmpty();
            }
            cancels.incrementAndGet();
        }
    }

    private WireClient login() throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), database, "postgres", null)
                .patient(PATIENCE);
    }
}
