package io.pgweir.proxy.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.settings.AccessSettings;
import io.pgweir.proxy.settings.ConfigLoader;
import io.pgweir.proxy.settings.ConfigSources;
import io.pgweir.proxy.settings.DatabaseConfig;
import io.pgweir.proxy.settings.ProxyConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Limits of clients by user and by database. */
class ClientCountsTest {
    @TempDir
    private Path directory;

    private ProxyConfig config() throws IOException {
        Path file = directory.resolve("pgweir.yaml");
        Files.writeString(file, """
                databases:
                  small: {host: db, max_clients: 3}
                  "*": {host: db}
                users:
                  few: {password: x, max_clients: 2}
                  any: {password: x, max_clients: off}
                max_user_clients: 4
                max_db_clients: 5
                client_auth: trust
                """);
        return ConfigLoader.load(new ConfigSources(Map.of("config", file.toString()), Map.of()))
                .config()
                .orElseThrow();
    }

    private static int enter(ClientCounts counts, ProxyConfig config, String name, String user, int times) {
        DatabaseConfig database = config.database(name);
        int entered = 0;
        for (int i = 0; i < times; i++) {
            entered += counts.enter(database, name, user).full() == null ? 1 : 0;
        }
        return entered;
    }

    @Test
    void theOwnLimitGoesBeforeTheGeneralOne() throws IOException {
        ProxyConfig config = config();
        assertThat(enter(new ClientCounts(config.access()), config, "d", "few", 9))
                .isEqualTo(2);
        assertThat(enter(new ClientCounts(config.access()), config, "d", "other", 9))
                .isEqualTo(4);
        assertThat(enter(new ClientCounts(config.access()), config, "d", "any", 9))
                .isEqualTo(5);
        assertThat(enter(new ClientCounts(config.access()), config, "small", "any", 9))
                .isEqualTo(3);
        ClientCounts counts = new ClientCounts(config.access());
        assertThat(enter(counts, config, "d", "any", 9)).isEqualTo(5);
        assertThat(enter(counts, config, "e", "any", 9))
                .as("each database of *")
                .isEqualTo(5);
        ClientCounts.Place none = counts.enter(config.database("d"), "d", "few");
        assertThat(none.full()).isEqualTo(ClientCounts.Full.DATABASE);
        assertThat(none.limit()).isEqualTo(5);
    }

    @Test
    void whoCameWithoutALimitCountsForALaterOne() throws IOException {
        ProxyConfig limited = config();
        AccessSettings none = new AccessSettings(null, 0, 0, Map.of(), 0);
        ClientCounts counts = new ClientCounts(none);
        DatabaseConfig database = limited.database("d");
        List<ClientCounts.Place> places = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            places.add(counts.enter(database, "d", "few"));
        }
        counts.limits(limited.access());
        assertThat(counts.enter(database, "d", "few").full()).isEqualTo(ClientCounts.Full.USER);
        places.get(0).leave();
        assertThat(counts.enter(database, "d", "few").full()).as("two of two").isEqualTo(ClientCounts.Full.USER);
        places.get(1).leave();
        assertThat(counts.enter(database, "d", "few").full()).isNull();
        counts.limits(none);
        assertThat(counts.enter(database, "d", "few").full()).isNull();
    }

    @Test
    void itIsExactWhoeverComesAtTheSameTime() throws Exception {
        ProxyConfig config = config();
        ClientCounts counts = new ClientCounts(config.access());
        DatabaseConfig database = config.database("small");
        for (int round = 0; round < 50; round++) {
            Queue<ClientCounts.Place> taken = new ConcurrentLinkedQueue<>();
            CountDownLatch begin = new CountDownLatch(1);
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                Thread thread = new Thread(() -> {
                    try {
                        begin.await();
                    } catch (InterruptedException e) {
                        return;
                    }
                    ClientCounts.Place place = counts.enter(database, "small", "any");
                    if (place.full() == null) {
                        taken.add(place);
                    } else {
                        place.leave(); // changes nothing
                    }
                });
                thread.start();
                threads.add(thread);
            }
            begin.countDown();
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(taken).as("round %d", round).hasSize(3);
            taken.forEach(ClientCounts.Place::leave);
        }
    }
}
