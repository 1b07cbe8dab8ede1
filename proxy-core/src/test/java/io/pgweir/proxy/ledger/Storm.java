package io.pgweir.proxy.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.FaultLeg;
import io.pgweir.proxy.testkit.FaultProxy;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.OwnPostgres;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Draws faults from a seed and makes them happen, each kind once before any comes again. One thread. */
final class Storm {
    private static final String TERMINATE_ALL = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            + " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";

    /** How far ahead a cut is placed, in bytes: some statements. */
    private static final int CUT_WITHIN = 1_500;

    private final OwnPostgres postgres;
    private final FaultProxy network;
    private final int maxConnections;
    private final Random random;
    private final List<Fault> bag = new ArrayList<>();

    Storm(OwnPostgres postgres, FaultProxy network, int maxConnections, long seed) {
        this.postgres = postgres;
        this.network = network;
        this.maxConnections = maxConnections;
        this.random = new Random(seed);
    }

    /** A fault to come. {@code choice} decides what else there is to decide. */
    record Strike(Fault fault, int millis, int choice) {}

    Strike draw() {
        if (bag.isEmpty()) {
            Collections.addAll(bag, Fault.values());
            Collections.shuffle(bag, random);
        }
        Fault fault = bag.remove(bag.size() - 1);
        int choice = random.nextInt(CUT_WITHIN);
        int millis = fault.longestMillis() == 0 ? 0 : 200 + random.nextInt(fault.longestMillis() - 200);
        return new Strike(fault, millis, choice);
    }

    /** Returns when the server can be reached again, and at which {@link System#nanoTime()} that was. */
    long strike(Strike strike) throws Exception {
        switch (strike.fault()) {
            case KILL_A_BACKEND -> kill();
            case TERMINATE_ALL -> {
                try (WireClient direct = postgres.connect()) {
                    direct.value(TERMINATE_ALL);
                }
            }
            case IMMEDIATE_RESTART -> {
                postgres.crash();
                postgres.restart();
            }
            case RESET_ALL -> network.resetAll();
            case CUT_REQUEST -> cut(network.toServer(), strike.choice());
            case CUT_REPLY -> cut(network.toClient(), strike.choice());
            case FREEZE -> {
                postgres.freeze();
                last(strike);
                postgres.thaw();
            }
            case CLOSED_PORT -> {
                network.closePort();
                network.resetAll();
                last(strike);
                network.openPort();
            }
            case DROPPED_PACKETS -> drop(strike);
            case FULL_SERVER -> fill(strike);
        }
        return awaitBack();
    }

    private void kill() throws IOException {
        try (WireClient direct = postgres.connect()) {
            AtomicReference<String> victim = new AtomicReference<>("0");
            await("somebody is connected").until(() -> {
                victim.set(
                        direct.value(
                                "SELECT coalesce((SELECT pid FROM pg_stat_activity WHERE backend_type ="
                                        + " 'client backend' AND pid <> pg_backend_pid() ORDER BY (state = 'active') DESC, random() LIMIT 1), 0)"));
                return !isZero(victim.get());
            });
            postgres.kill(Integer.parseInt(victim.get()));
        }
    }

    private void cut(FaultLeg leg, int choice) {
        network.cutOrderly(choice % 2 == 0);
        leg.cutOnceAfter(choice);
        await("a connection is cut").pollInterval(Duration.ofMillis(5)).until(() -> !leg.isCutPending());
    }

    private void drop(Strike strike) throws Exception {
        List<FaultLeg> legs = switch (strike.choice() % 3) {
            case 0 -> List.of(network.toServer());
            case 1 -> List.of(network.toClient());
            default -> List.of(network.toServer(), network.toClient());
        };
        legs.forEach(FaultLeg::stall);
        last(strike);
        if (strike.choice() % 2 == 0) {
            network.resetAll();
        }
        legs.forEach(FaultLeg::resume);
    }

    /** Takes the connections from pgweir and as many as there are for others. */
    private void fill(Strike strike) throws Exception {
        List<WireClient> others = new ArrayList<>();
        try {
            try (WireClient direct = postgres.connect()) {
                direct.value(TERMINATE_ALL);
                while (others.size() < maxConnections) {
                    others.add(postgres.connect());
                }
            } catch (IOException full) {
                assertThat(full).hasMessageContaining("53300");
            }
            last(strike);
        } finally {
            for (WireClient other : others) {
                other.send(Frontend.terminate());
                other.readUntilClosed();
                other.close();
            }
        }
    }

    private static void last(Strike strike) throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(strike.millis()); // the fault's own duration
    }

    private long awaitBack() {
        await("the server is back")
                .atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(2))
                .ignoreExceptions()
                .until(() -> {
                    try (WireClient direct = postgres.connect()) {
                        return direct.query("SELECT 1").contains("D[1]");
                    }
                });
        return System.nanoTime();
    }

    /** Waits until none of pgweir's statements is under way, not even one that a fault held up. */
    static void awaitNobody(WireClient direct) {
        await("nobody is connected")
                .atMost(Duration.ofSeconds(30))
                .until(() -> isZero(direct.value("SELECT count(*) FROM pg_stat_activity"
                        + " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")));
    }

    private static boolean isZero(@Nullable String count) {
        return "0".equals(count);
    }
}
