package io.pgweir.proxy.drivers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RealPostgres.Backend;
import io.pgweir.proxy.testkit.RunningProxy;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.PGConnection;

/**
 * HikariCP on the JDBC driver: after pool timeouts, statement timeouts, lost backends and transactions that lasted too long
 * its pool has every slot, reads and writes work, and every write that was acknowledged is there.
 */
@Timeout(120)
class HikariTest {
    private static final int SLOTS = 8;
    private static final int FAILURES = 200;
    private static final String APPLICATION = "hikari";
    private static final String UNTESTED = "com.zaxxer.hikari.aliveBypassWindowMs";

    private final RealPostgres postgres = RealPostgres.get();
    private final ExecutorService threads = Executors.newFixedThreadPool(SLOTS);
    private final AtomicInteger lastId = new AtomicInteger();
    private final Set<Integer> acknowledged = new ConcurrentSkipListSet<>();
    private String database = "";
    private RunningProxy proxy;
    private HikariDataSource pool;

    @BeforeEach
    void create() throws Exception {
        database = postgres.createDatabase();
        try (Connection connection = postgres.connect(database);
                Statement statement = connection.createStatement()) {
            statement.execute("create table written (id int not null)");
        }
    }

    @AfterEach
    void drop() throws Exception {
        System.clearProperty(UNTESTED);
        threads.shutdownNow();
        pool.close();
        proxy.close();
        postgres.dropDatabase(database);
    }

    /**
     * HikariCP tests a connection that was idle for half a second, and throws it away if no backend is to be had for that;
     * here nothing but statements of the application is to meet the full pool.
     */
    @Test
    void poolTimeoutsCostNothing() throws Exception {
        System.setProperty(UNTESTED, "60000");
        start("pool_timeout", "100ms", "min_connections", String.valueOf(SLOTS));
        Set<PGConnection> before = allConnections();
        await().until(() -> proxy.pool(database, "postgres").idle() == SLOTS); // opening them might take longer
        List<Connection> holders = new ArrayList<>();
        for (int i = 0; i < SLOTS; i++) {
            Connection holder = DriverManager.getConnection(proxy.jdbcUrl(database));
            holder.setAutoCommit(false);
            holder.createStatement().execute("select 1");
            holders.add(holder);
        }
        assertThat(together(
                        FAILURES,
                        i -> i % 2 == 0
                                ? stateOf(() -> read())
                                : stateOf(() -> transaction(connection -> insert(connection, nextId())))))
                .containsOnly("53300");
        for (Connection holder : holders) {
            holder.commit();
            holder.close();
        }
        everythingWorks();
        assertThat(allConnections()).isEqualTo(before);
    }

    @Test
    void statementTimeoutsCostNothing() throws Exception {
        start("statement_timeout", "300ms");
        Set<PGConnection> before = allConnections();
        assertThat(together(
                        FAILURES,
                        i -> i % 2 == 0
                                ? stateOf(() -> sleep())
                                : stateOf(() -> transaction(connection -> {
                                    if (i % 4 == 1) {
                                        insert(connection, nextId());
                                    }
                                    sleep(connection);
                                }))))
                .containsOnly("57014");
        everythingWorks();
        assertThat(allConnections()).isEqualTo(before);
    }

    @Test
    void lostBackendsCostNoSlot() throws Exception {
        start();
        for (int killed = 0, round = 0; killed < FAILURES; round++) {
            switch (round % 5) {
                case 0 -> killed += killRunning(() -> sleep());
                case 1 ->
                    killed += killRunning(() -> transaction(connection -> {
                        insert(connection, nextId());
                        sleep(connection);
                    }));
                case 2 -> killed += killInterrupted(true);
                case 3 -> killed += killInterrupted(false);
                default -> killed += killIdle();
            }
        }
        everythingWorks();
    }

    private int killRunning(Action action) throws Exception {
        List<Future<String>> running = begin(i -> stateOf(action));
        int killed = kill("active", "pg_sleep");
        assertThat(results(running)).containsOnly("08006");
        return killed;
    }

    private int killInterrupted(boolean goesOn) throws Exception {
        assertThat(interrupted(this::killIdleTransactions, goesOn)).containsOnly("08006");
        return SLOTS;
    }

    /** Between transactions: the application does not notice. What HikariCP has thrown away it has replaced before. */
    private int killIdle() throws Exception {
        await().until(() -> pool.getHikariPoolMXBean().getTotalConnections() == SLOTS);
        proxy.awaitQuiet();
        assertThat(together(SLOTS, i -> stateOf(() -> read()))).containsOnly("none");
        Set<Integer> killed = new TreeSet<>();
        await().pollInterval(Duration.ofMillis(10)).until(() -> {
            for (Backend backend : postgres.backends(database)) {
                postgres.terminate(backend.pid());
                killed.add(backend.pid());
            }
            return proxy.pool(database, "postgres").open() == 0;
        });
        assertThat(together(SLOTS, i -> stateOf(() -> read()))).containsOnly("none");
        return killed.size();
    }

    @ParameterizedTest
    @CsvSource({"transaction_timeout,25P04", "idle_in_transaction_timeout,25P03"})
    void transactionsThatLastTooLongCostNothing(String limit, String state) throws Exception {
        start(limit, "700ms");
        Set<PGConnection> before = allConnections();
        for (boolean goesOn : new boolean[] {true, false}) {
            assertThat(interrupted(
                            () -> {
                                busy(SLOTS, "idle in transaction", "");
                                busy(0, "idle in transaction", "");
                                return 0;
                            },
                            goesOn))
                    .containsOnly(state);
        }
        everythingWorks();
        assertThat(allConnections()).isEqualTo(before);
    }

    // ---- the application

    private interface Work {
        void on(Connection connection) throws Exception;
    }

    private interface Action {
        void run() throws Exception;
    }

    private interface Numbered<T> {
        T apply(int number) throws Exception;
    }

    private void start(String... limits) {
        String[] settings = Arrays.copyOf(limits, limits.length + 2);
        settings[limits.length] = "connection_limit";
        settings[limits.length + 1] = String.valueOf(SLOTS);
        proxy = RunningProxy.before(postgres, settings);
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(proxy.jdbcUrl(database) + "&ApplicationName=" + APPLICATION);
        config.setMaximumPoolSize(SLOTS);
        config.setInitializationFailTimeout(20_000); // the first backend, too, may take longer than the pool_timeout
        pool = new HikariDataSource(config);
    }

    private int nextId() {
        return lastId.incrementAndGet();
    }

    private void transaction(Work work) throws Exception {
        try (Connection connection = pool.getConnection()) {
            connection.setAutoCommit(false);
            try {
                work.on(connection);
                connection.commit();
            } catch (SQLException e) {
                try {
                    connection.rollback();
                } catch (SQLException second) {
                    e.addSuppressed(second); // HikariCP has closed it
                }
                throw e;
            }
        }
    }

    private void read() throws SQLException {
        try (Connection connection = pool.getConnection()) {
            read(connection);
        }
    }

    private static void read(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select 42")) {
            assertThat(row.next()).isTrue();
            assertThat(row.getInt(1)).isEqualTo(42);
        }
    }

    private static void insert(Connection connection, int id) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("insert into written values (" + id + ")");
        }
    }

    private void sleep() throws SQLException {
        try (Connection connection = pool.getConnection()) {
            sleep(connection);
        }
    }

    private static void sleep(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("select pg_sleep(60)");
        }
    }

    private static String stateOf(Action action) throws Exception {
        try {
            action.run();
            return "none";
        } catch (SQLException e) {
            return String.valueOf(e.getSQLState());
        }
    }

    /** SLOTS transactions write, wait for the event, and go on with a statement or with COMMIT; gives their SQLSTATEs. */
    private List<String> interrupted(Callable<Integer> event, boolean goesOn) throws Exception {
        CountDownLatch happened = new CountDownLatch(1);
        List<Future<String>> running = begin(i -> stateOf(() -> transaction(connection -> {
            insert(connection, nextId());
            happened.await();
            if (goesOn) {
                read(connection);
            }
        })));
        event.call();
        happened.countDown();
        return results(running);
    }

    private <T> List<Future<T>> begin(Numbered<T> work) {
        return submit(SLOTS, work);
    }

    private <T> List<T> together(int count, Numbered<T> work) throws Exception {
        return results(submit(count, work));
    }

    private <T> List<Future<T>> submit(int count, Numbered<T> work) {
        List<Future<T>> running = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int number = i;
            running.add(threads.submit(() -> work.apply(number)));
        }
        return running;
    }

    private static <T> List<T> results(List<Future<T>> running) throws Exception {
        List<T> results = new ArrayList<>();
        for (Future<T> one : running) {
            results.add(one.get(60, TimeUnit.SECONDS));
        }
        return results;
    }

    // ---- what PostgreSQL says

    private List<Integer> pids(String state, String query) throws SQLException {
        return postgres.backends(database).stream()
                .filter(backend -> state.equals(backend.state())
                        && APPLICATION.equals(backend.applicationName())
                        && backend.query().contains(query))
                .map(Backend::pid)
                .toList();
    }

    private void busy(int count, String state, String query) {
        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(10))
                .until(() -> pids(state, query).size() == count);
    }

    private int kill(String state, String query) throws SQLException {
        busy(SLOTS, state, query);
        List<Integer> pids = pids(state, query);
        for (int pid : pids) {
            postgres.terminate(pid);
        }
        return pids.size();
    }

    /** Until pgweir knows it as well, and sends no COMMIT to a backend that is dead. */
    private int killIdleTransactions() throws SQLException {
        int killed = kill("idle in transaction", "");
        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(10))
                .until(() -> proxy.pool(database, "postgres").open() == 0);
        return killed;
    }

    // ---- afterwards

    private void everythingWorks() throws Exception {
        await().atMost(Duration.ofSeconds(1))
                .until(() -> postgres.backends(database).stream().allMatch(backend -> "idle".equals(backend.state())));
        CyclicBarrier allInside = new CyclicBarrier(SLOTS + 1);
        CyclicBarrier counted = new CyclicBarrier(SLOTS + 1);
        List<Future<Integer>> running = begin(i -> {
            int id = nextId();
            transaction(connection -> {
                insert(connection, id);
                allInside.await(20, TimeUnit.SECONDS);
                counted.await(20, TimeUnit.SECONDS);
            });
            acknowledged.add(id);
            return id;
        });
        allInside.await(20, TimeUnit.SECONDS);
        assertThat(pids("idle in transaction", "")).hasSize(SLOTS);
        counted.await(20, TimeUnit.SECONDS);
        assertThat(results(running)).hasSize(SLOTS);
        together(SLOTS, i -> {
            read();
            return i;
        });
        assertThat(pool.getHikariPoolMXBean().getTotalConnections()).isEqualTo(SLOTS);
        assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();
        try (Connection connection = postgres.connect(database);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select id from written")) {
            List<Integer> found = new ArrayList<>();
            while (rows.next()) {
                found.add(rows.getInt(1));
            }
            assertThat(found).containsExactlyInAnyOrderElementsOf(new TreeSet<>(acknowledged));
        }
    }

    /** The driver's connections behind the pool's, all taken at one time. */
    private Set<PGConnection> allConnections() throws SQLException {
        Set<PGConnection> all = Collections.newSetFromMap(new IdentityHashMap<>());
        List<Connection> taken = new ArrayList<>();
        for (int i = 0; i < SLOTS; i++) {
            Connection connection = pool.getConnection();
            taken.add(connection);
            all.add(connection.unwrap(PGConnection.class));
        }
        for (Connection connection : taken) {
            connection.close();
        }
        assertThat(all).hasSize(SLOTS);
        return all;
    }
}
