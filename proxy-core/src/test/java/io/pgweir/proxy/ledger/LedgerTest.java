package io.pgweir.proxy.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.FaultProxy;
import io.pgweir.proxy.testkit.OwnPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Clients write rows in all ways while one fault follows another. What was acknowledged is there once, what was refused is not
 * there, of the rest each unit is there once or not at all; no statement has reached the server twice; no client has lost its
 * connection. The system property {@code pgweir.ledger.seconds} says how long, {@code pgweir.test.seed} with which
 * faults and work.
 */
@Timeout(900)
class LedgerTest {
    private static final int SECONDS = Integer.getInteger("pgweir.ledger.seconds", 20);
    private static final int CLIENTS = 12;
    private static final int LIMIT = 5;
    private static final int MAX_CONNECTIONS = 20;
    /** Between "the server is back" and the first success, on a busy machine and behind several faults. */
    private static final long SOON_MILLIS = 5_000;

    private final long seed = Long.getLong("pgweir.test.seed", System.nanoTime());
    private final Pulse pulse = new Pulse();
    private final Recoveries recoveries = new Recoveries();
    private final List<LedgerClient> clients = new ArrayList<>();
    private OwnPostgres postgres;
    private FaultProxy network;
    private RunningProxy proxy;

    @BeforeEach
    void open() throws Exception {
        postgres = OwnPostgres.startLogging(MAX_CONNECTIONS);
        network = FaultProxy.to(postgres.host(), postgres.port(), seed);
        try (WireClient direct = postgres.connect()) {
            direct.query(Audit.TABLE);
            direct.query(Audit.INDEX);
        }
        proxy = RunningProxy.before(
                network,
                "connection_limit",
                String.valueOf(LIMIT),
                "connect_timeout",
                "1s",
                "statement_timeout",
                "1s",
                "pool_timeout",
                "5s",
                "retry",
                "safe");
        for (int i = 0; i < CLIENTS; i++) {
            WireClient client = WireClient.login(proxy.host(), proxy.port(), "postgres", "postgres", null);
            clients.add(new LedgerClient(i, client, seed, pulse));
        }
    }

    @AfterEach
    void close() throws Exception {
        for (LedgerClient client : clients) {
            client.close();
        }
        network.close();
        postgres.close();
    }

    @Test
    void everyAcknowledgedRowIsThereOnceWhateverFails() throws Exception {
        System.out.printf("ledger: seed %d%n", seed);
        clients.forEach(LedgerClient::start);
        LedgerClient.awaitAll(clients);
        faults();
        for (LedgerClient client : clients) {
            client.finish();
        }
        proxy.close();
        Audit audit = Audit.of(postgres, network);
        List<Entry> books = clients.stream().flatMap(c -> c.books().stream()).toList();
        List<String> violations = new ArrayList<>(audit.violations(books));
        clients.forEach(client -> violations.addAll(client.violations()));
        report(audit, books, violations);
        assertThat(violations).as("seed %d", seed).isEmpty();
        assertThat(recoveries.hasAllKinds()).as("every fault happened").isTrue();
        assertThat(recoveries.longest()).as("first success after a fault").isLessThan(SOON_MILLIS);
        assertThat(told(books).get(Told.ACKNOWLEDGED)).isGreaterThan(CLIENTS * SECONDS);
    }

    private void faults() throws Exception {
        Storm storm = new Storm(postgres, network, MAX_CONNECTIONS, seed);
        Random calm = new Random(seed);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        while (System.nanoTime() < end || !recoveries.hasAllKinds()) {
            Storm.Strike strike = storm.draw();
            long back = storm.strike(strike);
            await("somebody is served after " + strike)
                    .atMost(Duration.ofSeconds(30))
                    .pollInterval(Duration.ofMillis(2))
                    .until(() -> pulse.last() - back > 0);
            recoveries.add(strike.fault(), TimeUnit.NANOSECONDS.toMillis(pulse.last() - back));
            LedgerClient.awaitAll(clients);
            TimeUnit.MILLISECONDS.sleep(calm.nextInt(500)); // work between two faults, of no particular amount
        }
    }

    private static Map<Told, Integer> told(List<Entry> books) {
        Map<Told, Integer> told = new EnumMap<>(Told.class);
        books.forEach(entry -> told.merge(entry.told(), 1, Integer::sum));
        return told;
    }

    private void report(Audit audit, List<Entry> books, List<String> violations) {
        Map<String, Integer> codes = new TreeMap<>();
        clients.forEach(client -> client.codes().forEach((code, count) -> codes.merge(code, count, Integer::sum)));
        long unknownThere = audit.present(
                books.stream().filter(e -> e.told() == Told.UNKNOWN).toList());
        System.out.printf(
                "ledger: %d s, %d clients, %d backends, seed %d: rows %s, %d of the unknown are there; %d statements in the"
                        + " server's log; %d reads; errors %s; longest time in which nobody was served %d ms, slowest answer %d ms;"
                        + " %d faults; %d violations%n%s%n",
                SECONDS,
                CLIENTS,
                LIMIT,
                seed,
                told(books),
                unknownThere,
                audit.runs(),
                clients.stream().mapToInt(LedgerClient::reads).sum(),
                codes,
                TimeUnit.NANOSECONDS.toMillis(pulse.longestGap()),
                TimeUnit.NANOSECONDS.toMillis(
                        clients.stream().mapToLong(LedgerClient::slowest).max().orElse(0)),
                recoveries.count(),
                violations.size(),
                recoveries);
    }
}
