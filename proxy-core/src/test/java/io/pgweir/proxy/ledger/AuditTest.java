package io.pgweir.proxy.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.FaultProxy;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The audit of the ledger notices a proxy that is wrong, and has nothing to say of one that is not. */
@Timeout(60)
class AuditTest {
    private static final int DEFECTS = 3;
    private static final int ROWS_WITHOUT = 60;

    private final long seed = Long.getLong("pgweir.test.seed", System.nanoTime());

    @ParameterizedTest
    @CsvSource({
        "NONE, SIMPLE, ''",
        "NONE, TRANSACTION, ''",
        "REPEATS_LOST_INSERTS, SIMPLE, there 2 times",
        "ACKNOWLEDGES_BEFORE_COMMIT, TRANSACTION, lost",
        "DENIES_DOUBTFUL_COMMITS, TRANSACTION, there in spite of its error",
        "REPEATS_LOST_COMMITS, TRANSACTION, lost",
        "REPEATS_DOUBTFUL_TRANSACTIONS, TRANSACTION, there 2 times"
    })
    void eachDefectIsNoticed(BrokenRelay.Defect defect, Form form, String violation) throws Exception {
        RealPostgres postgres = RealPostgres.get();
        String database = postgres.createDatabase();
        try (WireClient direct = WireClient.login(
                postgres.host(), postgres.port(), database, postgres.superuser(), postgres.superuserPassword())) {
            direct.query(Audit.TABLE);
            List<Entry> books = new ArrayList<>();
            List<String> violations = new ArrayList<>();
            int done;
            try (FaultProxy network = FaultProxy.to(postgres.host(), postgres.port(), seed);
                    RunningProxy proxy = RunningProxy.before(network, "connection_limit", "1");
                    BrokenRelay relay = new BrokenRelay(proxy.port(), network, defect);
                    WireClient connection = WireClient.login("127.0.0.1", relay.port(), database, "postgres", null);
                    LedgerClient client = new LedgerClient(1, connection, seed, new Pulse(), form)) {
                client.start();
                await().until(() -> relay.done() >= DEFECTS
                        || (defect == BrokenRelay.Defect.NONE && client.written() >= ROWS_WITHOUT)
                        || !client.isAlive());
                client.finish();
                done = relay.done();
                books.addAll(client.books());
                violations.addAll(client.violations());
            }
            Audit audit = new Audit();
            await().until(() -> postgres.backendsOf(database) == 1);
            audit.read(direct);
            violations.addAll(audit.violations(books));
            System.out.printf(
                    "%s, seed %d: %d of %d rows, %s%n",
                    defect,
                    seed,
                    done,
                    books.size(),
                    violations.stream().limit(2).toList());
            if (defect == BrokenRelay.Defect.NONE) {
                assertThat(violations).isEmpty();
            } else {
                assertThat(violations.stream().filter(v -> v.startsWith(violation)))
                        .hasSize(done * form.rows());
            }
        } finally {
            postgres.dropDatabase(database);
        }
    }

    @Test
    void aStatementThatRanTwiceIsNoticedEvenIfOneTimeIsRolledBack() {
        Audit audit = new Audit();
        audit.read(Stream.of(
                "LOG:  statement: INSERT INTO ledger VALUES ('a1-1', 'u1-1', 1, 1)",
                "DETAIL:  Failed process was running: INSERT INTO ledger VALUES ('a1-1', 'u1-1', 1, 1)",
                "DETAIL:  Parameters: $1 = 'a1-2', $2 = 'u1-2', $3 = '1', $4 = '2'",
                "LOG:  statement: INSERT INTO ledger VALUES ('a1-2', 'u1-2', 1, 2)"));
        assertThat(audit.violations(List.of(
                        new Entry("a1-1", "u1-1", Told.UNKNOWN, ""), new Entry("a1-2", "u1-2", Told.UNKNOWN, ""))))
                .singleElement()
                .asString()
                .startsWith("run 2 times")
                .contains("a1-2");
    }
}
