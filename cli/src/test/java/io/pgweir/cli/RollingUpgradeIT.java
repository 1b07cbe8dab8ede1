package io.pgweir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * One process is replaced by another under load; {@code -Dpgweir.upgrade.rounds=20} for more of that, {@code
 * -Dpgweir.upgrade.transport=io_uring} for another transport. Clients of one kind
 * connect for each statement, those of another keep their connections and see between two statements whether they were
 * told to go. No statement may fail, and each must have run once.
 */
@Timeout(600)
@EnabledOnOs(OS.LINUX)
class RollingUpgradeIT {
    private static final int ROUNDS = Integer.getInteger("pgweir.upgrade.rounds", 1);
    private static final String TRANSPORT = System.getProperty("pgweir.upgrade.transport", "auto");
    private static final int CLIENTS_OF_EACH_KIND = 4;
    private static final RealPostgres POSTGRES = RealPostgres.get();
    private static String database = "";

    @BeforeAll
    static void create() throws Exception {
        database = POSTGRES.createDatabase();
    }

    @AfterAll
    static void drop() throws Exception {
        POSTGRES.dropDatabase(database);
    }

    @Test
    void noStatementFailsWhileAProcessIsReplaced() throws Exception {
        int port = PgweirProcess.freePort();
        PgweirProcess current = PgweirProcess.sharing(port, POSTGRES, "--transport=" + TRANSPORT);
        List<UpgradeClient> clients = new ArrayList<>();
        try (WireClient setUp = current.login(database)) {
            setUp.query("drop table if exists ledger");
            setUp.query("create table ledger(client int, number int)");
            for (int i = 0; i < CLIENTS_OF_EACH_KIND; i++) {
                clients.add(UpgradeClient.connectingForEachStatement(2 * i, port, database));
                clients.add(UpgradeClient.keepingItsConnection(2 * i + 1, port, database));
            }
            setUp.send(Frontend.terminate());
            for (int round = 0; round < ROUNDS; round++) {
                current = replace(current, port, clients, round + 1);
            }
        } finally {
            clients.forEach(UpgradeClient::stop);
            current.close();
        }
        long statements = 0;
        for (UpgradeClient client : clients) {
            assertThat(client.failures()).as("client %d", client.number()).isEmpty();
            statements += client.done();
            assertThat(rowsOf(client)).isEqualTo(client.done() + " rows, " + client.done() + " different");
        }
        System.out.printf(
                "upgrade (%s): %d processes replaced, %d statements of %d clients, %d connects, %d told to go, 0 failed%n",
                TRANSPORT,
                ROUNDS,
                statements,
                clients.size(),
                clients.stream().mapToLong(UpgradeClient::connects).sum(),
                clients.stream().mapToLong(UpgradeClient::toldToGo).sum());
    }

    private static PgweirProcess replace(PgweirProcess old, int port, List<UpgradeClient> clients, int round)
            throws Exception {
        try (WireClient idle = old.login(database);
                WireClient working = old.login(database)) {
            working.query("begin");
            working.query("create temp table t(a int) on commit drop");
            PgweirProcess next = PgweirProcess.sharing(port, POSTGRES, "--transport=" + TRANSPORT);
            try (WireClient newcomer = next.login(database)) {
                assertThat(newcomer.value("select 1")).isEqualTo("1");
            }
            old.terminate();
            assertThat(ServerMessage.transcript(idle.readUntilClosed())).startsWith("E[57P01 ");
            assertThat(working.query("insert into t values (1)")).isEqualTo("C[INSERT 0 1] Z[T]");
            for (UpgradeClient client : clients) {
                client.awaitToldToGo(round);
            }
            assertThat(working.query("commit")).startsWith("C[COMMIT] Z[I]");
            assertThat(old.exitCode()).as(old.output()).isZero();
            assertThat(old.output())
                    .contains("stopped")
                    .doesNotContain("ERROR")
                    .doesNotContain("shutdown_timeout is over");
            for (UpgradeClient client : clients) {
                client.awaitAnother();
            }
            return next;
        } finally {
            old.close();
        }
    }

    private static String rowsOf(UpgradeClient client) throws Exception {
        try (Connection connection = POSTGRES.connect(database);
                Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("select count(*) || ' rows, ' || count(distinct number) || ' different'"
                                + " from ledger where client = " + client.number())) {
            row.next();
            return row.getString(1);
        }
    }
}
