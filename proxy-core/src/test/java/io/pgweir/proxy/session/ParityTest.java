package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every wire program gives the same transcript on PostgreSQL and through the proxy. */
class ParityTest {
    private static ProgramDatabase database;
    private static RunningProxy transaction;
    private static RunningProxy shuffled;
    private static RunningProxy session;
    private static RunningProxy single;
    private static Competitor competitor;

    @BeforeAll
    static void open() throws IOException, SQLException {
        RealPostgres postgres = RealPostgres.get();
        database = ProgramDatabase.create(postgres);
        transaction = RunningProxy.before(postgres, "connection_limit", "3", "shuffle", "false");
        shuffled = RunningProxy.before(
                postgres, "connection_limit", "3", "shuffle", "true", "prepared_statement_limit", "20");
        session = RunningProxy.before(postgres, "pool_mode", "session", "connection_limit", "5");
        single = RunningProxy.before(postgres, "connection_limit", "1", "shuffle", "false");
        competitor = Competitor.start(single, database.name());
    }

    @AfterAll
    static void close() throws Exception {
        competitor.stop();
        for (RunningProxy proxy : List.of(transaction, shuffled, session, single)) {
            proxy.awaitQuiet();
            proxy.close();
        }
        database.close();
    }

    static List<WireProgram> programs() {
        return ProgramDatabase.programs();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("programs")
    void inTransactionMode(WireProgram program) throws IOException {
        assertSame(program, transaction);
    }

    static List<WireProgram> programsOfManyBackends() {
        return programs().stream().filter(program -> !program.needsItsBackend()).toList();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("programsOfManyBackends")
    void neverOnTheSameBackendTwiceInARow(WireProgram program) throws IOException {
        assertSame(program, shuffled);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("programs")
    void inSessionMode(WireProgram program) throws IOException {
        assertSame(program, session);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("programs")
    void onOneBackendThatAnotherClientWantsToo(WireProgram program) throws IOException {
        assertSame(program, single);
        competitor.assertHealthy();
    }

    private static void assertSame(WireProgram program, RunningProxy proxy) throws IOException {
        List<String> expected = database.transcript(program);
        database.reset();
        try (WireClient client = WireClient.login(proxy.host(), proxy.port(), database.name(), "postgres", null)) {
            assertThat(program.run(client, WireProgram.Sender.AT_ONCE)).isEqualTo(expected);
        }
    }
}
