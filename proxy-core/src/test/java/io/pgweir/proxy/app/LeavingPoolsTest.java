package io.pgweir.proxy.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.settings.ConfigChange;
import io.pgweir.proxy.settings.PoolMode;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.TestRole;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Pools that are used while what they were made for goes, or comes back otherwise. */
@Timeout(120)
class LeavingPoolsTest {
    private static final String ANY = "  '*': {host: $HOST, port: $PORT}\n";

    private final RealPostgres postgres = RealPostgres.get();
    private String database = "";

    @TempDir
    private Path directory;

    @BeforeEach
    void createDatabase() throws Exception {
        database = postgres.createDatabase();
    }

    private Reloading start(String lines) throws IOException {
        return new Reloading(postgres, directory, lines);
    }

    private String named(String name, String more) {
        return "  " + name + ": {host: $HOST, port: $PORT, dbname: " + database + more + "}\n";
    }

    private static void eventually(String what, org.awaitility.core.ThrowingRunnable check) {
        org.awaitility.Awaitility.await(what).atMost(Duration.ofSeconds(10)).untilAsserted(check);
    }

    private static List<String> pools(Reloading pgweir) {
        return pgweir.proxy().proxy().pools().pools().stream()
                .map(pool -> pool.key().database())
                .toList();
    }

    private static void gone(Reloading pgweir, String name) {
        eventually("the pool has gone", () -> assertThat(pools(pgweir)).doesNotContain(name));
    }

    @Test
    void aPoolKeepsItsModeAndIsMadeAnewWhenNobodyUsesIt() throws Exception {
        String without = "databases:\n" + named("app", "");
        try (Reloading pgweir = start(without + named("more", ""))) {
            try (WireClient client = pgweir.login("more")) {
                assertThat(client.query("select 1")).endsWith("Z[I]");
                pgweir.to(without);
                pgweir.to(without + named("more", ", pool_mode: session, min_connections: 1"));
                assertThat(pgweir.proxy().pool("more", "postgres").settings().mode())
                        .isEqualTo(PoolMode.TRANSACTION);
                assertThat(client.query("select 1")).endsWith("Z[I]");
            }
            gone(pgweir, "more");
            try (WireClient client = pgweir.login("more")) {
                assertThat(client.query("select 1")).endsWith("Z[I]");
                assertThat(pgweir.proxy().pool("more", "postgres").settings().mode())
                        .isEqualTo(PoolMode.SESSION);
            }
        }
    }

    @Test
    void anEntryOfItsOwnInPlaceOfTheOneForAnySaysWhatItsPoolKeeps() throws Exception {
        try (Reloading pgweir = start("databases:\n" + ANY)) {
            try (WireClient client = pgweir.login(database)) {
                assertThat(client.query("select 1")).endsWith("Z[I]");
                assertThat(pgweir.to("databases:\n" + ANY + named(database, ", connection_limit: 1"))
                                .changes())
                        .extracting(ConfigChange::effect)
                        .singleElement()
                        .asString()
                        .contains("until nobody uses it");
                Pool pool = pgweir.proxy().pool(database, "postgres");
                assertThat(pool.settings().connectionLimit()).isEqualTo(20);
                assertThat(pool.pinned().limit()).isEqualTo(19);
                assertThat(client.query("select 1")).endsWith("Z[I]");
            }
            gone(pgweir, database);
            try (WireClient client = pgweir.login(database)) {
                assertThat(client.query("select 1")).endsWith("Z[I]");
                assertThat(pgweir.proxy().pool(database, "postgres").settings().connectionLimit())
                        .isOne();
            }
        }
    }

    @Test
    void whoseEntryIsRemovedIsServedByTheOneForAnyIfThereIsOne() throws Exception {
        String second = postgres.createDatabase();
        try (Reloading pgweir = start("databases:\n" + named("app", ""));
                WireClient client = pgweir.login("app")) {
            assertThat(client.value("select current_database()")).isEqualTo(database);
            assertThat(pgweir.to("databases:\n  '*': {host: $HOST, port: $PORT, dbname: " + second + "}\n")
                            .changes())
                    .filteredOn(change -> change.of().equals("database app"))
                    .extracting(ConfigChange::effect)
                    .singleElement()
                    .asString()
                    .contains("those who are here");
            // What is still being looked at after the last statement may serve one more.
            eventually(
                    "it is served from there",
                    () -> assertThat(client.value("select current_database()")).isEqualTo(second));
        }
    }

    @Test
    void whoIsRemovedKeepsThePasswordForItsBackendsThoughClientsNeedNone() throws Exception {
        assumeThat(postgres.checksPasswords()).isTrue();
        String databases = "databases:\n" + named("app", "");
        String user = TestRole.SCRAM.user();
        String users = "users:\n  " + user + ": {password: '" + TestRole.SCRAM.password() + "'}\n";
        try (Reloading pgweir = start(users + databases);
                WireClient client = pgweir.login("app", user, null)) {
            assertThat(client.value("select current_user")).isEqualTo(user);
            pgweir.to(databases);
            postgres.terminateAll(database);
            Pool pool = pgweir.proxy().pool("app", user);
            eventually("the backends have gone", () -> assertThat(pool.open()).isZero());
            assertThat(client.value("select current_user")).isEqualTo(user);
        }
    }

    @Test
    void fewerPoolsAreReachedAsSoonAsOneMoreIsNeeded() throws Exception {
        List<String> others = new ArrayList<>();
        try (Reloading pgweir = start("max_pools: 4\ndatabases:\n" + ANY)) {
            for (int i = 0; i < 3; i++) {
                String other = postgres.createDatabase();
                others.add(other);
                pgweir.login(other).close();
                postgres.terminateAll(other);
                Pool pool = pgweir.proxy().pool(other, "postgres");
                eventually("nobody uses it", () -> {
                    assertThat(pool.open()).isZero();
                    assertThat(pgweir.proxy().proxy().pools().clients(pool)).isZero();
                });
            }
            pgweir.to("max_pools: 2\ndatabases:\n" + ANY);
            try (WireClient first = pgweir.login(others.get(0));
                    WireClient second = pgweir.login(database)) {
                assertThat(second.value("select current_database()")).isEqualTo(database);
                assertThat(pools(pgweir)).containsExactlyInAnyOrder(others.get(0), database);
                assertThat(first.value("select current_database()")).isEqualTo(others.get(0));
            }
        }
    }

    @Test
    void theConsoleNamesADatabaseThatIsRemovedWhileClientsAreThere() throws Exception {
        String without = "admin_users: dba\nsequence_state: keep\ndatabases:\n" + named("app", "");
        try (Reloading pgweir = start(without.replace("keep", "learn") + named("more", ""));
                WireClient console = pgweir.login("pgweir", "dba", null);
                WireClient client = pgweir.login("more");
                WireClient app = pgweir.login("app")) {
            assertThat(client.query("select 1")).endsWith("Z[I]");
            assertThat(app.query("select 1")).endsWith("Z[I]");
            Pool pool = pgweir.proxy().pool("app", "postgres");
            assertThat(pool.pinned().areSequencesRead()).isFalse();
            pgweir.to(without);
            assertThat(pool.pinned().areSequencesRead()).isTrue();
            assertThat(console.query("show databases")).contains("D[more|").contains("removed from the configuration");
            assertThat(console.query("pause more")).doesNotContain("E[");
            client.send(io.pgweir.proxy.testkit.Frontend.query("select 2"));
            assertThat(console.query("resume more")).doesNotContain("E[");
            assertThat(client.readUntilReady().toString()).contains("2");
            assertThat(console.query("kill more")).doesNotContain("E[");
            gone(pgweir, "more");
            assertThat(console.query("resume more")).as("it is not forgotten").doesNotContain("E[");
            assertThat(console.query("resume more")).contains("E[");
        }
    }
}
