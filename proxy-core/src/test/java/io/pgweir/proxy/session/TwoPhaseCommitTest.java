package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.query;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static io.pgweir.proxy.testkit.Frontend.unnamed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.FaultProxy;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A transaction is prepared on one backend and ended from another, by whomever; PostgreSQL has 10 of them at most here. */
class TwoPhaseCommitTest {
    private final RealPostgres postgres = RealPostgres.get();
    private String database;
    private FaultProxy network;
    private RunningProxy proxy;
    private WireClient client;
    private WireClient other;

    @BeforeEach
    void open() throws Exception {
        database = postgres.createDatabase();
        network = FaultProxy.to(postgres.host(), postgres.port(), 1);
        // On one loop the shuffle switch opens no backend in the place of another as long as an idle one will do.
        proxy = RunningProxy.before(network, "connection_limit", "2", "event_loops", "1");
        client = login();
        other = login();
        client.query("BEGIN; CREATE TABLE done (a int)");
        other.query("BEGIN; SELECT 1"); // both backends are open: while the network stalls nobody can log in
        client.query("COMMIT");
        other.query("COMMIT");
    }

    @AfterEach
    void close() throws Exception {
        client.close();
        other.close();
        proxy.awaitQuiet();
        proxy.close();
        network.close();
        assertThat(prepared()).isZero();
        postgres.dropDatabase(database);
    }

    private WireClient login() throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), database, "postgres", null);
    }

    private int prepared() throws Exception {
        return Integer.parseInt(
                postgres.queryForString("SELECT count(*) FROM pg_prepared_xacts WHERE database = '" + database + "'"));
    }

    private String end(WireClient by, String sql, boolean extended) throws IOException {
        String answer = by.exchange(extended ? Frontend.join(unnamed(sql), sync()) : query(sql));
        return answer.replace("1 2 n ", "");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void preparedHereAndEndedThere(boolean extended) throws Exception {
        for (String end : new String[] {"COMMIT", "ROLLBACK"}) {
            assertThat(client.query("BEGIN")).isEqualTo("C[BEGIN] Z[T]");
            assertThat(client.query("INSERT INTO done VALUES (1)")).isEqualTo("C[INSERT 0 1] Z[T]");
            int preparer = Integer.parseInt(client.value("SELECT pg_backend_pid()"));
            assertThat(end(client, "PREPARE TRANSACTION '" + end + "'", extended))
                    .isEqualTo("C[PREPARE TRANSACTION] Z[I]");
            assertThat(prepared()).isEqualTo(1);
            // Its backend is free for others, and goes away; the transaction does not.
            postgres.terminate(preparer);
            await().until(() -> postgres.backends(database).stream().noneMatch(backend -> backend.pid() == preparer));
            assertThat(end(other, end + " PREPARED '" + end + "'", extended)).isEqualTo("C[" + end + " PREPARED] Z[I]");
            assertThat(prepared()).isZero();
        }
        assertThat(client.value("SELECT count(*) FROM done")).isEqualTo("1");
    }

    @Test
    void aClientThatHasPreparedHoldsNoBackend() throws Exception {
        for (int i = 0; i < 5; i++) {
            try (WireClient each = login()) {
                each.query("BEGIN");
                each.query("INSERT INTO done VALUES (" + i + ")");
                assertThat(each.query("PREPARE TRANSACTION 't" + i + "'")).isEqualTo("C[PREPARE TRANSACTION] Z[I]");
            }
        }
        assertThat(postgres.backends(database))
                .filteredOn(backend -> !backend.applicationName().equals("testkit")) // a helper's may not be gone yet
                .hasSizeLessThanOrEqualTo(2);
        for (int i = 0; i < 5; i++) {
            assertThat(client.query("COMMIT PREPARED 't" + i + "'")).isEqualTo("C[COMMIT PREPARED] Z[I]");
        }
        assertThat(client.value("SELECT count(*) FROM done")).isEqualTo("5");
    }

    @Test
    void whatFailsIsToldAsPostgresTellsIt() throws Exception {
        assertThat(client.query("PREPARE TRANSACTION 'x'")).contains("25P01").endsWith("Z[I]");
        client.query("BEGIN");
        client.query("SELECT 1/0");
        assertThat(client.query("PREPARE TRANSACTION 'x'")).isEqualTo("C[ROLLBACK] Z[I]");
        client.query("BEGIN");
        assertThat(client.query("COMMIT PREPARED 'x'")).startsWith("E[25001 ").endsWith("Z[E]");
        client.query("ROLLBACK");
        assertThat(client.query("COMMIT PREPARED 'x'")).startsWith("E[42704 ").endsWith("Z[I]");
    }

    /** The server has done it, and its answer is lost. */
    @ParameterizedTest
    @CsvSource({
        "PREPARE TRANSACTION 'x', 08007, 1, true",
        "PREPARE TRANSACTION 'x', 08007, 1, false",
        "COMMIT PREPARED 'x', 08007, 0, true",
        "COMMIT PREPARED 'x', 08007, 0, false",
        "ROLLBACK PREPARED 'x', 08006, 0, false"
    })
    void whatIsNotAnsweredIsUnknown(String sql, String code, int left, boolean extended) throws Exception {
        client.query("BEGIN");
        client.query("INSERT INTO done VALUES (1)");
        if (!sql.startsWith("PREPARE")) {
            client.query("PREPARE TRANSACTION 'x'");
            // With the shuffle switch the client takes the backend of this; from now on none can be opened.
            other.query("SELECT 1");
            proxy.awaitQuiet();
        }
        network.toClient().stall();
        client.send(extended ? Frontend.join(unnamed(sql), sync()) : query(sql));
        await().until(() -> prepared() == left);
        network.resetAll();
        network.toClient().resume();
        assertThat(ServerMessage.transcript(client.readUntilReady()))
                .startsWith("E[" + code + " ")
                .endsWith("Z[I]");
        // The other's backend has lost its connection as well, and must be known to have.
        await().until(() -> proxy.pool(database, "postgres").open() == 0);
        assertThat(client.value("SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()"))
                .isEqualTo(String.valueOf(left));
        if (left > 0) {
            assertThat(other.query("ROLLBACK PREPARED 'x'")).isEqualTo("C[ROLLBACK PREPARED] Z[I]");
        }
    }
}
