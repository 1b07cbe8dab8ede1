package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Units sent one behind the other without waiting, some of which fail before a statement in them has been prepared: what
 * a later unit uses must be there, and must not be there twice.
 */
@Timeout(60)
class PipelinedPreparationTest {
    private static final int STATEMENTS = 12;

    private final long seed = Long.getLong("pgweir.test.seed", System.nanoTime());
    private final Random random = new Random(seed);

    private static byte[] use(int statement) {
        return Frontend.join(Frontend.bind("", "s" + statement, "v"), Frontend.execute("", 0));
    }

    private static byte[] failure() {
        return Frontend.join(Frontend.parse("", "select 1/0"), Frontend.bind("", ""), Frontend.execute("", 0));
    }

    @Test
    void aStatementWhosePreparationWasSkippedIsPreparedForTheNextUnit() throws Exception {
        RealPostgres postgres = RealPostgres.get();
        String database = postgres.createDatabase();
        try (RunningProxy proxy = RunningProxy.before(
                        postgres, "connection_limit", "1", "prepared_statement_limit", "4", "event_loops", "1");
                WireClient client = WireClient.login(proxy.host(), proxy.port(), database, "postgres", null)) {
            prepareAll(client);
            for (int round = 0; round < 300; round++) {
                List<byte[]> messages = new ArrayList<>();
                List<String> expected = new ArrayList<>();
                for (int unit = 0; unit < 5; unit++) {
                    StringBuilder answer = new StringBuilder();
                    boolean failed = false;
                    for (int i = random.nextInt(4); i >= 0; i--) {
                        if (random.nextInt(4) == 0) {
                            messages.add(failure());
                            answer.append(failed ? "" : "1 E[22012 division by zero] ");
                            failed = true;
                        } else {
                            int statement = random.nextInt(STATEMENTS);
                            messages.add(use(statement));
                            answer.append(failed ? "" : "2 D[" + statement + "|v] C[SELECT 1] ");
                        }
                    }
                    messages.add(Frontend.sync());
                    expected.add(answer + "Z[I]");
                }
                client.send(messages.toArray(byte[][]::new));
                for (String answer : expected) {
                    assertThat(ServerMessage.transcript(client.readUntilReady()))
                            .as("round %d, seed %d", round, seed)
                            .isEqualTo(answer);
                }
            }
            proxy.awaitQuiet();
        } finally {
            postgres.dropDatabase(database);
        }
    }

    private static void prepareAll(WireClient client) throws IOException {
        for (int i = 0; i < STATEMENTS; i++) {
            assertThat(client.exchange(Frontend.parse("s" + i, "select " + i + ", $1::text"), Frontend.sync()))
                    .isEqualTo("1 Z[I]");
        }
    }
}
