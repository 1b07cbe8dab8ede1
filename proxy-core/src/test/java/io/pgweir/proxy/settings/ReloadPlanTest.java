package io.pgweir.proxy.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said of the difference between two configurations, and what becomes of it. */
class ReloadPlanTest {
    private static final String BASE = """
            databases:
              a: {url: "postgresql://app:sesame@db:5432/shop", connection_limit: 5}
              b: {host: "db1,db2", dbname: stock}
            users:
              jo: {password: honey, statement_timeout: 3s}
            """;

    @TempDir
    private Path directory;

    private LoadedConfig load(String yaml, String... flags) throws IOException {
        Path file = Files.writeString(directory.resolve("pgweir.yaml"), yaml);
        Map<String, String> given = new java.util.HashMap<>(Map.of("config", file.toString()));
        for (int i = 0; i < flags.length; i += 2) {
            given.put(flags[i], flags[i + 1]);
        }
        LoadedConfig loaded = ConfigLoader.load(new ConfigSources(given, Map.of()));
        assertThat(loaded.problems()).isEmpty();
        return loaded;
    }

    private ReloadPlan plan(String before, String after) throws IOException {
        ReloadPlan plan = ReloadPlan.between(load(before), load(after));
        assertThat(plan.toString())
                .doesNotContain("sesame")
                .doesNotContain("honey")
                .doesNotContain("poppy");
        return plan;
    }

    private List<String> changes(String before, String after) throws IOException {
        return plan(before, after).changes().stream()
                .map(ConfigChange::toString)
                .toList();
    }

    @Test
    void equalConfigurationsHaveNoDifference() throws IOException {
        assertThat(changes(BASE, BASE)).isEmpty();
        assertThat(changes(BASE, "# a comment\n" + BASE)).isEmpty();
    }

    @Test
    void aSettingOfAllDatabasesIsOneLineAndOneOfASingleDatabaseNamesIt() throws IOException {
        assertThat(changes(BASE, "pool_timeout: 7s\n" + BASE)).containsExactly("pool_timeout 30s -> 7s: in force now");
        assertThat(changes(BASE, BASE.replace("connection_limit: 5", "connection_limit: 6")))
                .containsExactly("database a: connection_limit 5 -> 6: in force now");
        // That of the database hides the general one.
        assertThat(changes(BASE, "connection_limit: 9\n" + BASE))
                .containsExactly("database b: connection_limit 20 -> 9: in force now");
    }

    @Test
    void whatFlagsSayStays() throws IOException {
        LoadedConfig running = load(BASE, "pool_timeout", "4s");
        Files.writeString(directory.resolve("pgweir.yaml"), "pool_timeout: 9s\nqueue_limit: 7\n" + BASE);
        ReloadPlan plan = ReloadPlan.between(running, running.again());
        assertThat(plan.changes())
                .extracting(ConfigChange::toString)
                .containsExactly("queue_limit 1000 -> 7: in force now");
        assertThat(plan.next().config().orElseThrow().pool().poolTimeout()).hasSeconds(4);
    }

    @Test
    void databasesUsersAndExceptionsComeAndGo() throws IOException {
        String after = """
                databases:
                  a: {url: "postgresql://app:poppy@elsewhere:5432/shop", connection_limit: 5, sslmode: disable}
                  c: {host: db3}
                users:
                  mo: {password: poppy}
                applications:
                  dump: {statement_timeout: off}
                """;
        assertThat(changes(BASE, after))
                .containsExactly(
                        "database a: sslmode prefer -> disable: in force for new backends; open ones are replaced as they come"
                                + " free",
                        "database a: hosts db:5432 -> elsewhere:5432: in force for new backends; open ones are replaced as"
                                + " they come free",
                        "database c: database none -> db3:5432: clients may ask for it now",
                        "database b: database db1:5432,db2:5432 -> none: new clients are refused; who is here stays, and its"
                                + " backends are closed when they have gone",
                        "user app: password *** -> changed: new logins need it, and new backends are opened with it",
                        "user jo: user *** -> none: new logins are refused; who is connected stays",
                        "user mo: user none -> ***: may log in now",
                        "user 'jo': statement_timeout 3s -> none: in force now",
                        "application 'dump': statement_timeout none -> off: in force now");
    }

    @Test
    void anEntryOfItsOwnAndTheOneForAnyStandInForEachOther() throws IOException {
        String any = BASE.replace("  b:", "  \"*\": {host: db9}\n  b:");
        String own = any.replace("  b:", "  c: {host: db3, pool_mode: session}\n  b:");
        String moves = "in force for new clients and those who are here; open backends are replaced as they come free";
        String keeps = ". A pool in use keeps pool_mode, listen_mode and listen_extra_connection until nobody uses it";
        assertThat(changes(any, own)).containsExactly("database c: database * db9:5432 -> db3:5432: " + moves + keeps);
        assertThat(changes(own, any)).containsExactly("database c: database db3:5432 -> * db9:5432: " + moves + keeps);
        assertThat(changes(own.replace(", pool_mode: session", ""), any))
                .containsExactly("database c: database db3:5432 -> * db9:5432: " + moves);
        assertThat(changes(any, BASE))
                .singleElement()
                .asString()
                .startsWith("database *: database db9:5432 -> none: new");
    }

    @Test
    void whatNeedsARestartIsSaidAndStays() throws IOException {
        ReloadPlan plan =
                plan(BASE, "event_loops: 3\nlisten: 127.0.0.1:7000\npool_mode: session\nlisten_mode: pin\n" + BASE);
        assertThat(plan.changes())
                .extracting(ConfigChange::what, ConfigChange::effect)
                .containsExactlyInAnyOrder(
                        org.assertj.core.groups.Tuple.tuple("event_loops", Setting.Change.RESTART.effect()),
                        org.assertj.core.groups.Tuple.tuple("listen", Setting.Change.RESTART.effect()),
                        org.assertj.core.groups.Tuple.tuple("pool_mode", Setting.Change.RESTART.effect()),
                        org.assertj.core.groups.Tuple.tuple("listen_mode", Setting.Change.RESTART.effect()));
        ProxyConfig next = plan.next().config().orElseThrow();
        assertThat(next.eventLoops()).isZero();
        assertThat(next.listen()).hasToString("127.0.0.1:6432");
        assertThat(next.databases()).allSatisfy(database -> {
            assertThat(database.pool().mode()).isEqualTo(PoolMode.TRANSACTION);
            assertThat(database.pool().listen().mode()).isEqualTo(ListenMode.MULTIPLEX);
        });
        assertThat(plan.next().text(Settings.LISTEN)).isEqualTo("127.0.0.1:6432");
        // It is said again as long as it is so.
        ReloadPlan again = ReloadPlan.between(plan.next(), plan.next().again());
        assertThat(again.changes()).isEqualTo(plan.changes());
    }

    /** One backend that listens for all would leave none for their work. */
    @Test
    void aLimitOfOneNeedsARestartWhereClientsShareAListeningBackend() throws IOException {
        ReloadPlan plan = plan(BASE, BASE.replace("connection_limit: 5", "connection_limit: 1"));
        assertThat(plan.changes()).extracting(ConfigChange::effect).containsExactly(Setting.Change.RESTART.effect());
        assertThat(plan.next().config().orElseThrow().named("a").pool().connectionLimit())
                .isEqualTo(5);
        PoolSettings kept = plan.next().config().orElseThrow().named("a").pool();
        assertThat(kept.state().mostPinned(kept.connectionLimit()))
                .as("max_pinned follows the limit that counts")
                .isEqualTo(4);
        String pinned = "listen_mode: pin\n" + BASE;
        plan = plan(pinned, pinned.replace("connection_limit: 5", "connection_limit: 1"));
        assertThat(plan.next().config().orElseThrow().named("a").pool().connectionLimit())
                .isEqualTo(1);
    }

    @Test
    void whoMayComeInAndHowManyIsSaidWithoutSecrets() throws IOException {
        String asked = "auth_user: asks\nauth_password: sesame\n"
                + BASE.replace("connection_limit: 5", "connection_limit: 5, max_clients: 7");
        String other = asked.replace("auth_password: sesame", "auth_password: poppy")
                .replace("password: honey", "password: honey, max_clients: off")
                .replace("max_clients: 7", "max_clients: 8");
        String password = ": auth_password *** -> changed: in force for clients that log in from now on";
        assertThat(changes(asked, "max_user_clients: 9\n" + other))
                .containsExactly(
                        "database a" + password,
                        "database b" + password,
                        "max_user_clients off -> 9: in force now",
                        "database a: max_clients 7 -> 8: in force now",
                        "user jo: max_clients as others -> off: in force now");
        Path secret = Files.writeString(directory.resolve("secret"), "sesame");
        String file = asked.replace("auth_password: sesame", "auth_password_file: secret");
        LoadedConfig running = load(file);
        Files.writeString(secret, "poppy");
        assertThat(ReloadPlan.between(running, running.again()).changes())
                .as("the file has the same name")
                .extracting(ConfigChange::toString)
                .containsExactly("database a" + password, "database b" + password);
    }

    @Test
    void whetherRulesAreOthersIsSeenInTheirFile() throws IOException {
        Path rules = Files.writeString(directory.resolve("hba.conf"), "host all all all reject\n");
        LoadedConfig running = load("auth_hba_file: hba.conf\n" + BASE);
        Files.writeString(rules, "host all all all  reject # the same\n");
        assertThat(ReloadPlan.between(running, running.again()).changes()).isEmpty();
        Files.writeString(rules, "host all all all trust\n");
        ReloadPlan plan = ReloadPlan.between(running, running.again());
        assertThat(plan.changes())
                .extracting(ConfigChange::toString)
                .containsExactly(
                        "lines of auth_hba_file 1 -> 1 (others): in force for clients that log in from now on");
        assertThat(plan.next().config().orElseThrow().access().hba())
                .isEqualTo(running.again().config().orElseThrow().access().hba());
    }

    @Test
    void everySettingSaysWhenAnotherValueCounts() throws IOException {
        assertThat(Settings.all())
                .allSatisfy(setting -> assertThat(setting.change().word()).isNotEmpty());
        assertThat(Settings.all())
                .filteredOn(setting -> setting.change() == Setting.Change.RESTART && !setting.hidden())
                .extracting(Setting::name)
                .containsExactlyInAnyOrder(
                        "config",
                        "listen",
                        "http",
                        "http_token",
                        "http_token_file",
                        "http_public",
                        "max_unauthenticated",
                        "max_unauthenticated_per_address",
                        "client_buffer_limit",
                        "reuse_port",
                        "pool_mode",
                        "listen_mode",
                        "listen_extra_connection",
                        "event_loops",
                        "transport",
                        "log_format",
                        "pid_file",
                        "tls_provider");
    }
}
