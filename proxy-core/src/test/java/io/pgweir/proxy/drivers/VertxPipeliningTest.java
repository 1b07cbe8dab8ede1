package io.pgweir.proxy.drivers;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Transaction;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The Vert.x client: named statements kept for ever, and up to 64 requests under way on a connection. */
@Timeout(60)
class VertxPipeliningTest {
    private static final RealPostgres POSTGRES = RealPostgres.get();
    private static String database = "";
    private static Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(2));

    private final long seed = Long.getLong("pgweir.test.seed", System.nanoTime());

    @BeforeAll
    static void create() throws Exception {
        database = POSTGRES.createDatabase();
    }

    @AfterAll
    static void drop() throws Exception {
        vertx.close().await(20, TimeUnit.SECONDS);
        POSTGRES.dropDatabase(database);
    }

    private static List<PgConnection> connect(RunningProxy proxy, int count) throws Exception {
        PgConnectOptions options = new PgConnectOptions()
                .setHost(proxy.host())
                .setPort(proxy.port())
                .setDatabase(database)
                .setUser("postgres")
                .setCachePreparedStatements(true)
                .setPreparedStatementCacheMaxSize(16)
                .setPipeliningLimit(64);
        List<Future<PgConnection>> connecting = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            connecting.add(PgConnection.connect(vertx, options));
        }
        List<PgConnection> connections = new ArrayList<>();
        for (Future<PgConnection> one : connecting) {
            connections.add(one.await(20, TimeUnit.SECONDS));
        }
        return connections;
    }

    @ParameterizedTest
    @EnumSource
    void everyPipelinedRequestGetsItsOwnAnswer(Setup setup) throws Exception {
        Random random = new Random(seed);
        // Few statements are kept on a backend, so that they are prepared and closed all the time.
        try (RunningProxy proxy = setup.before(POSTGRES, "prepared_statement_limit", "12")) {
            List<PgConnection> connections = connect(proxy, Setup.CONNECTIONS);
            List<Future<?>> answers = new ArrayList<>();
            for (int i = 0; i < 6_000; i++) {
                PgConnection connection = connections.get(random.nextInt(connections.size()));
                int form = random.nextInt(20);
                String nonce = Long.toHexString(random.nextLong());
                answers.add(connection
                        .preparedQuery("select $1::text as nonce, " + form + " as form")
                        .execute(Tuple.of(nonce))
                        .map(rows -> check(rows, nonce, form)));
            }
            Future.all(answers).await(40, TimeUnit.SECONDS);
            assertThat(POSTGRES.backendsOf(database)).isLessThanOrEqualTo(setup.limit());
            close(connections);
            proxy.awaitQuiet();
        }
    }

    @ParameterizedTest
    @EnumSource
    void anErrorInAPipelineHitsItsOwnRequestAndNoOther(Setup setup) throws Exception {
        Random random = new Random(seed);
        try (RunningProxy proxy = setup.before(POSTGRES, "prepared_statement_limit", "12")) {
            List<PgConnection> connections = connect(proxy, Setup.CONNECTIONS);
            List<Future<?>> answers = new ArrayList<>();
            for (int i = 0; i < 4_000; i++) {
                PgConnection connection = connections.get(random.nextInt(connections.size()));
                int form = random.nextInt(20);
                String nonce = Long.toHexString(random.nextLong());
                if (random.nextInt(4) == 0) {
                    int divisor = random.nextInt(2);
                    Future<?> answer = connection
                            .preparedQuery("select 10 / $1::int as quotient, " + form + " as form")
                            .execute(Tuple.of(divisor))
                            .transform(result -> {
                                if (divisor == 0) {
                                    assertThat(result.cause()).isInstanceOf(PgException.class);
                                    assertThat(((PgException) result.cause()).getSqlState())
                                            .isEqualTo("22012");
                                } else if (result.failed()) {
                                    return Future.failedFuture(result.cause());
                                }
                                return Future.succeededFuture();
                            });
                    answers.add(answer);
                } else {
                    answers.add(connection
                            .preparedQuery("select $1::text as nonce, " + form + " as form")
                            .execute(Tuple.of(nonce))
                            .map(rows -> check(rows, nonce, form)));
                }
            }
            Future.join(answers).await(40, TimeUnit.SECONDS);
            close(connections);
            proxy.awaitQuiet();
        }
    }

    @ParameterizedTest
    @EnumSource
    void transactionsOfPipeliningConnectionsStayApart(Setup setup) throws Exception {
        try (RunningProxy proxy = setup.before(POSTGRES)) {
            List<PgConnection> connections = connect(proxy, Setup.CONNECTIONS);
            await(connections
                    .get(0)
                    .query("create table if not exists account(id int primary key, amount int)")
                    .execute());
            await(connections.get(0).query("truncate account").execute());
            for (int i = 0; i < connections.size(); i++) {
                await(connections
                        .get(i)
                        .query("insert into account values (" + i + ", 0)")
                        .execute());
            }
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < connections.size(); i++) {
                running.add(transactions(connections.get(i), i, 25));
            }
            Future.all(running).await(40, TimeUnit.SECONDS);
            RowSet<Row> sums = await(connections
                    .get(0)
                    .query("select min(amount), max(amount), count(*) from account")
                    .execute());
            Row row = sums.iterator().next();
            // Every third transaction is rolled back: 8 of 25.
            assertThat(row.getInteger(0)).isEqualTo(17);
            assertThat(row.getInteger(1)).isEqualTo(17);
            assertThat(row.getLong(2)).isEqualTo(connections.size());
            close(connections);
            proxy.awaitQuiet();
        }
    }

    private static Future<Void> transactions(PgConnection connection, int id, int left) {
        if (left == 0) {
            return Future.succeededFuture();
        }
        return connection
                .begin()
                .compose(transaction -> work(connection, transaction, id, left % 3 == 0))
                .compose(done -> transactions(connection, id, left - 1));
    }

    private static Future<Void> work(PgConnection connection, Transaction transaction, int id, boolean rollBack) {
        Future<?> first = connection
                .preparedQuery("update account set amount = amount + 1 where id = $1")
                .execute(Tuple.of(id));
        Future<?> second = connection
                .preparedQuery("select amount from account where id = $1")
                .execute(Tuple.of(id));
        return Future.all(first, second).compose(both -> rollBack ? transaction.rollback() : transaction.commit());
    }

    private static Void check(RowSet<Row> rows, String nonce, int form) {
        assertThat(rows.size()).isEqualTo(1);
        Row row = rows.iterator().next();
        assertThat(row.getString("nonce")).isEqualTo(nonce);
        assertThat(row.getInteger("form")).isEqualTo(form);
        return null;
    }

    private static void close(List<PgConnection> connections) throws Exception {
        for (PgConnection connection : connections) {
            await(connection.close());
        }
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.await(20, TimeUnit.SECONDS);
    }
}
