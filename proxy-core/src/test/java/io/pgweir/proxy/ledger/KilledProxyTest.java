package io.pgweir.proxy.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.FaultProxy;
import io.pgweir.proxy.testkit.OwnPostgres;
import io.pgweir.proxy.testkit.ProxyProcess;
import io.pgweir.proxy.testkit.WireClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * As {@link LedgerTest}, and pgweir itself is a process that is killed (SIGKILL) again and again, now and then while the server
 * is in trouble as well. Clients come back by themselves. The system property {@code pgweir.killed.seconds} says
 * for how long, {@code pgweir.test.seed} with which faults and work.
 */
@Timeout(900)
class KilledProxyTest {
    private static final int SECONDS = Integer.getInteger("pgweir.killed.seconds", 2);
    private static final int FEWEST = 3;
    private static final int CLIENTS = 12;
    private static final int MAX_CONNECTIONS = 40;

    private final long seed = Long.getLong("pgweir.test.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final Pulse pulse = new Pulse();
    private final List<LedgerClient> clients = new ArrayList<>();
    private final List<Long> millisToListen = new ArrayList<>();
    private final List<Long> millisToSuccess = new ArrayList<>();
    private int kills;

    @Test
    void everyAcknowledgedRowIsThereOnceWhenPgweirIsKilled() throws Exception {
        System.out.printf("killed: seed %d%n", seed);
        try (OwnPostgres postgres = OwnPostgres.startLogging(MAX_CONNECTIONS);
                FaultProxy network = FaultProxy.to(postgres.host(), postgres.port(), seed)) {
            try (WireClient direct = postgres.connect()) {
                direct.query(Audit.TABLE);
                direct.query(Audit.INDEX);
            }
            try (ProxyProcess pgweir = ProxyProcess.before(
                    network,
                    "connection_limit",
                    "5",
                    "connect_timeout",
                    "1s",
                    "statement_timeout",
                    "1s",
                    "pool_timeout",
                    "5s",
                    "retry",
                    "safe")) {
                for (int i = 0; i < CLIENTS; i++) {
                    clients.add(LedgerClient.thatComesBack(i, pgweir::login, seed, pulse));
                }
                clients.forEach(LedgerClient::start);
                LedgerClient.awaitAll(clients);
                faults(pgweir, new Storm(postgres, network, MAX_CONNECTIONS, seed));
                for (LedgerClient client : clients) {
                    client.finish();
                }
            }
            check(postgres, network);
        } finally {
            for (LedgerClient client : clients) {
                client.close();
            }
        }
    }

    private void faults(ProxyProcess pgweir, Storm storm) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        while (System.nanoTime() < end || kills < FEWEST) {
            TimeUnit.MILLISECONDS.sleep(random.nextInt(400)); // work before it, of no particular amount
            boolean inTrouble = random.nextInt(4) == 0;
            int after = random.nextInt(200);
            CompletableFuture<Void> trouble = CompletableFuture.completedFuture(null);
            if (inTrouble) {
                trouble = CompletableFuture.runAsync(() -> strike(storm));
                TimeUnit.MILLISECONDS.sleep(after); // somewhere within it
            }
            long killedAt = System.nanoTime();
            pgweir.killAndRestart();
            long listens = System.nanoTime();
            kills++;
            if (!inTrouble) {
                await().pollInterval(Duration.ofMillis(2)).until(() -> pulse.last() - listens > 0);
                millisToListen.add(TimeUnit.NANOSECONDS.toMillis(listens - killedAt));
                millisToSuccess.add(TimeUnit.NANOSECONDS.toMillis(pulse.last() - listens));
            }
            trouble.get(60, TimeUnit.SECONDS);
            LedgerClient.awaitAll(clients);
        }
    }

    private static void strike(Storm storm) {
        try {
            storm.strike(storm.draw());
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private void check(OwnPostgres postgres, FaultProxy network) throws Exception {
        Audit audit = Audit.of(postgres, network);
        List<Entry> books = clients.stream().flatMap(c -> c.books().stream()).toList();
        List<String> violations = new ArrayList<>(audit.violations(books));
        clients.forEach(client -> violations.addAll(client.violations()));
        report(audit, books, violations);
        assertThat(violations).as("seed %d", seed).isEmpty();
        assertThat(count(books, Told.ACKNOWLEDGED)).isGreaterThan(CLIENTS * kills);
        assertThat(clients.stream().mapToInt(LedgerClient::returns).sum())
                .as("clients that came back")
                .isGreaterThanOrEqualTo(CLIENTS * kills);
    }

    private static long count(List<Entry> books, Told told) {
        return books.stream().filter(entry -> entry.told() == told).count();
    }

    private void report(Audit audit, List<Entry> books, List<String> violations) {
        List<Entry> unknown =
                books.stream().filter(entry -> entry.told() == Told.UNKNOWN).toList();
        System.out.printf(
                "killed: %d s, %d clients, seed %d: killed %d times, %d of them with the server in trouble; rows acknowledged %d,"
                        + " refused %d, unknown %d, of them there %d; %d statements in the server's log, %d reads, clients came back"
                        + " %d times; ms from the kill until it listens %s, from then to the first success %s; %d violations%n",
                SECONDS,
                CLIENTS,
                seed,
                kills,
                kills - millisToListen.size(),
                count(books, Told.ACKNOWLEDGED),
                count(books, Told.REFUSED),
                unknown.size(),
                audit.present(unknown),
                audit.runs(),
                clients.stream().mapToInt(LedgerClient::reads).sum(),
                clients.stream().mapToInt(LedgerClient::returns).sum(),
                middleAndLongest(millisToListen),
                middleAndLongest(millisToSuccess),
                violations.size());
    }

    private static String middleAndLongest(List<Long> millis) {
        List<Long> sorted = millis.stream().sorted().toList();
        return sorted.isEmpty() ? "-" : sorted.get(sorted.size() / 2) + " (median), " + sorted.get(sorted.size() - 1);
    }
}
