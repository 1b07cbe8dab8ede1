package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Another client of the same pool, with the same statement names and other texts, that checks every answer of its own
 * while a test runs.
 */
final class Competitor {
    private final WireClient client;
    private final Thread thread = new Thread(this::run, "competitor");
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final AtomicLong rounds = new AtomicLong();
    private volatile boolean stopped;

    private Competitor(WireClient client) {
        this.client = client;
    }

    static Competitor start(RunningProxy proxy, String database) throws IOException {
        Competitor competitor =
                new Competitor(WireClient.login(proxy.host(), proxy.port(), database, "postgres", null));
        competitor.thread.setDaemon(true);
        competitor.thread.start();
        return competitor;
    }

    private void run() {
        try {
            String prepared = client.exchange(Frontend.parse("s1", "SELECT 'competitor', $1::text"), Frontend.sync());
            assertThat(prepared).isEqualTo("1 Z[I]");
            for (int round = 0; !stopped; round++) {
                String own = "mine" + round;
                assertThat(client.exchange(Frontend.bind("", "s1", own), Frontend.execute("", 0), Frontend.sync()))
                        .isEqualTo("2 D[competitor|" + own + "] C[SELECT 1] Z[I]");
                assertThat(client.query("SHOW DateStyle")).isEqualTo("T[DateStyle] D[ISO, MDY] C[SHOW] Z[I]");
                assertThat(client.exchange(Frontend.unnamed("SELECT $1::text", own), Frontend.sync()))
                        .isEqualTo("1 2 T[text] D[" + own + "] C[SELECT 1] Z[I]");
                rounds.incrementAndGet();
            }
        } catch (Throwable e) {
            failure.set(e);
        }
    }

    long rounds() {
        return rounds.get();
    }

    void assertHealthy() {
        assertThat(failure.get()).as("the other client").isNull();
    }

    /** Ends it and fails if any answer was wrong. */
    void stop() throws IOException, InterruptedException {
        stopped = true;
        thread.join();
        client.close();
        assertHealthy();
        assertThat(rounds.get()).isPositive();
    }
}
