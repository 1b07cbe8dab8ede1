package io.pgweir.proxy.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigLoaderTest {
    private static final String URL = "postgresql://app:sesame@db:5432/shop";

    @TempDir
    private Path directory;

    private final Map<String, String> flags = new LinkedHashMap<>();
    private final Map<String, String> environment = new LinkedHashMap<>();

    private void file(String yaml) throws IOException {
        Path file = Files.writeString(directory.resolve("pgweir.yaml"), yaml);
        flags.put("config", file.toString());
    }

    private LoadedConfig load() {
        LoadedConfig loaded = ConfigLoader.load(new ConfigSources(flags, environment));
        assertThat(loaded.config().isEmpty()).isEqualTo(!loaded.problems().isEmpty());
        assertThat(loaded.toString() + loaded.problems() + loaded.notes()).doesNotContain("sesame");
        return loaded;
    }

    private ProxyConfig good() {
        LoadedConfig loaded = load();
        assertThat(loaded.problems()).isEmpty();
        return loaded.config().orElseThrow();
    }

    /** The problems, with the temporary directory taken out. */
    private String[] problems() {
        return load().problems().stream()
                .map(problem -> problem.toString().replace(directory + "/", ""))
                .toArray(String[]::new);
    }

    @Test
    void aDatabaseUrlAloneIsEnough() {
        environment.put("DATABASE_URL", URL + "?connection_limit=5");
        ProxyConfig config = good();
        assertThat(config.listen()).hasToString("127.0.0.1:6432");
        assertThat(config.clientAuth()).isEqualTo(ClientAuth.SCRAM);
        assertThat(config.statsUsers()).containsExactly("app");
        assertThat(config.adminUsers()).isEmpty();
        DatabaseConfig shop = Objects.requireNonNull(config.database("shop"));
        assertThat(shop.pool().connectionLimit()).isEqualTo(5);
        assertThat(shop.hosts()).containsExactly(new HostPort("db", 5432));
        assertThat(config.database("other")).isNull();
        assertThat(config.user("app")).isEqualTo(new UserConfig("app", new Secret("sesame")));
        assertThat(config.user("nobody")).isNull();
        assertThat(config.pool()).isEqualTo(PoolSettings.defaults());
    }

    @ParameterizedTest
    @CsvSource({
        "postgresql://app:sesame@db, app, app",
        "postgresql://app:sesame@db/*, *, ",
        "postgresql://app:sesame@db/shop, shop, shop"
    })
    void aUrlWithoutDatabaseMeansTheOneCalledLikeTheUserAndAStarMeansAny(String url, String name, String backend) {
        flags.put("database_url", url);
        DatabaseConfig database = good().databases().get(0);
        assertThat(database.name()).isEqualTo(name);
        assertThat(database.backendDatabase()).isEqualTo(backend);
        assertThat(database.backendDatabaseFor("x")).isEqualTo(backend == null ? "x" : backend);
    }

    @Test
    void usersAndApplicationsAreExceptionsFromWhateverThePoolHas() throws IOException {
        flags.put("statement_timeout", "1s");
        file("databases:\n  shop: " + URL + "\nusers:\n  app: {statement_timeout: 2s, pool_timeout: 3s}\n"
                + "applications:\n  dump: {statement_timeout: off}\n  'm*': {statement_timeout: 4s}\n"
                + "  'mig*': {statement_timeout: 5s}\n  migx: {transaction_timeout: 6s}\n");
        ProxyConfig config = good();
        PoolSettings pool = Objects.requireNonNull(config.database("shop")).pool();
        LimitExceptions exceptions = config.exceptions();
        assertThat(config.user("app")).isEqualTo(new UserConfig("app", new Secret("sesame")));
        assertThat(statement(exceptions.limits(pool, "other", null))).isEqualTo("1s");
        assertThat(statement(exceptions.limits(pool, "app", null))).isEqualTo("2s");
        assertThat(statement(exceptions.limits(pool, "app", "dump"))).isEqualTo("off");
        assertThat(statement(exceptions.limits(pool, "app", "mx"))).isEqualTo("4s");
        assertThat(statement(exceptions.limits(pool, "app", "migrate"))).isEqualTo("5s");
        assertThat(statement(exceptions.limits(pool, "app", "migx"))).isEqualTo("2s");
        assertThat(exceptions.limits(pool, "app", "dump").of(ClientLimit.POOL_TIMEOUT))
                .isEqualTo(Duration.ofSeconds(3));
    }

    private static String statement(Limits limits) {
        return ClientLimit.STATEMENT_TIMEOUT.text(limits.of(ClientLimit.STATEMENT_TIMEOUT));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "users: {app: {statment_timeout: 2s}} | :2:15 | did you mean 'statement_timeout'?",
                "users: {app: {queue_limit: 2}} | :2:15 | it cannot differ between the clients of a pool",
                "applications: {dump: {statement_timeout: soon}} | :2:42 | is not a duration",
                "applications: {dump: {password: x}} | :2:23 | unknown key 'password' of an application",
                "applications: {dump: {}} | :2:16 | has no limit of its own",
                "applications: {'*': {pool_timeout: 1s}} | :2:16 | an application needs a name",
                "aplications: {} | :2:1 | did you mean 'applications'?",
                "pool_timeout_sqlstate: 5330 | :2:24 | is no SQLSTATE",
                "backend_unavailable_sqlstate: '01000' | :2:31 | does not mean an error",
            })
    void whatIsWrongWithAnExceptionOrACodeIsReportedWithItsPlace(String yaml, String place, String text)
            throws IOException {
        file("database_url: " + URL + "\n" + yaml + "\n");
        assertThat(load().problems()).hasSize(1);
        assertThat(load().problems().get(0).toString()).contains(place).contains(text);
    }

    /** Each source gives pool_timeout its rank in seconds; the strongest one that is present must win. */
    @ParameterizedTest
    @CsvSource({"1, flag", "2, environment", "3, entry", "4, url", "5, file", "30, none"})
    void theStrongestSourceWins(int expected, String strongest) throws IOException {
        int rank = strongest.equals("none") ? 6 : expected;
        String top = rank <= 5 ? "pool_timeout: 5s\n" : "";
        String entry = rank <= 3 ? "    pool_timeout: 3s\n" : "";
        String url = URL + (rank <= 4 ? "?pool_timeout=4" : "");
        file(top + "databases:\n  shop:\n    url: " + url + "\n" + entry);
        if (rank <= 2) {
            environment.put("PGWEIR_POOL_TIMEOUT", "2");
        }
        if (rank <= 1) {
            flags.put("pool_timeout", "1s");
        }
        DatabaseConfig shop = Objects.requireNonNull(good().database("shop"));
        assertThat(shop.pool().poolTimeout()).isEqualTo(Duration.ofSeconds(expected));
    }

    @Test
    void theUrlComesFromTheStrongestSource() throws IOException {
        file("database_url: postgresql://u4:sesame@h/d\n");
        assertThat(good().databases().get(0).user()).isEqualTo("u4");
        environment.put("DATABASE_URL", "postgresql://u3:sesame@h/d");
        assertThat(good().databases().get(0).user()).isEqualTo("u3");
        environment.put("PGWEIR_DATABASE_URL", "postgresql://u2:sesame@h/d");
        assertThat(good().databases().get(0).user()).isEqualTo("u2");
        Path url = Files.writeString(directory.resolve("url"), "postgresql://u1:sesame@h/d\n");
        flags.put("database_url_file", url.toString());
        assertThat(good().databases().get(0).user()).isEqualTo("u1");
    }

    @Test
    void readsDatabasesAndUsersOfAFile() throws IOException {
        Files.writeString(directory.resolve("password"), "sesame-file\n");
        environment.put("ANALYST", "sesame-env");
        file("""
                admin_users: [dba, app]
                connection_limit: 7
                databases:
                  shop:
                    url: postgresql://app@db/shop?pool_timeout=5
                    password_file: password
                    min_connections: 2
                  reports:
                    host: [r1, "r2:6000"]
                    dbname: shop
                    sslmode: disable
                    startup_parameters: {search_path: reports}
                    pool_mode: session
                  "*": postgresql://any:9
                users:
                  analyst: {password_env: ANALYST}
                  guest:
                """);
        ProxyConfig config = good();
        DatabaseConfig shop = Objects.requireNonNull(config.database("shop"));
        assertThat(shop.password()).isEqualTo(new Secret("sesame-file"));
        assertThat(shop.pool().connectionLimit()).isEqualTo(7);
        assertThat(shop.pool().minConnections()).isEqualTo(2);
        DatabaseConfig reports = Objects.requireNonNull(config.database("reports"));
        assertThat(reports.hosts()).containsExactly(new HostPort("r1", 5432), new HostPort("r2", 6000));
        assertThat(reports.backendDatabaseFor("reports")).isEqualTo("shop");
        assertThat(reports.pool().mode()).isEqualTo(PoolMode.SESSION);
        assertThat(reports.tls().mode()).isEqualTo(SslMode.DISABLE);
        assertThat(reports.startupParameters()).containsExactly(Map.entry("search_path", "reports"));
        DatabaseConfig any = Objects.requireNonNull(config.database("whatever"));
        assertThat(any.isWildcard()).isTrue();
        assertThat(any.backendDatabaseFor("whatever")).isEqualTo("whatever");
        assertThat(config.adminUsers()).isEqualTo(Set.of("dba", "app"));
        assertThat(config.users().keySet()).containsExactlyInAnyOrder("analyst", "guest");
        assertThat(config.backendPassword(any, "analyst")).isEqualTo(new Secret("sesame-env"));
        assertThat(config.backendPassword(shop, "app")).isEqualTo(new Secret("sesame-file"));
        assertThat(config.backendPassword(shop, "guest")).isNull();
    }

    @Test
    void reportsEverythingThatIsWrongInAFileWithItsPlace() throws IOException {
        file("""
                conection_limit: 5
                pool_timeout: fast
                queue_limit: [1, 2]
                listen: localhost
                max_clients:
                http: off
                http: 127.0.0.1:1
                config: other.yaml
                databases:
                  shop:
                    url: postgresql://app:sesame@db/shop?pool_timeut=5
                    host: db
                    min_connection: 3
                    max_pools: 4
                  empty: {}
                  pgbouncer: {host: "h:x"}
                users:
                  a: {pasword: sesame}
                  b: {password: sesame, password_env: B}
                  c: {password_env: NOT_SET}
                  d: {password_file: nowhere}
                  e: sesame
                """);
        assertThat(problems())
                .containsExactlyInAnyOrder(
                        "pgweir.yaml:1:1: unknown key 'conection_limit'; did you mean 'connection_limit'?",
                        "pgweir.yaml:2:15: 'fast' is not a duration: write 500ms, 30s, 5m or 1h; a plain number is seconds",
                        "pgweir.yaml:3:14: queue_limit must be a single value, but this is a list",
                        "pgweir.yaml:4:9: 'localhost' has no port: write HOST:PORT, for example 127.0.0.1:6432",
                        "pgweir.yaml:5:13: max_clients has no value: give one or remove the key",
                        "pgweir.yaml:7:1: 'http' stands twice, first at pgweir.yaml:6:1",
                        "pgweir.yaml:8:1: unknown key 'config'",
                        "pgweir.yaml:12:5: host contradicts url: keep one of them",
                        "pgweir.yaml:13:5: unknown key 'min_connection' of a database; did you mean 'min_connections'?",
                        "pgweir.yaml:14:5: unknown key 'max_pools' of a database: it is for the whole process and belongs to the top level",
                        "pgweir.yaml:15:3: database 'empty' has neither url nor host",
                        "pgweir.yaml:16:21: the host and port cannot be read: write host:port with a port from 1 to 65535, IPv6 addresses in brackets, and user:password@ before the host",
                        "pgweir.yaml:18:7: unknown key 'pasword' of a user; did you mean 'password'?",
                        "pgweir.yaml:19:25: password_env contradicts password above: keep one of them",
                        "pgweir.yaml:20:21: environment variable NOT_SET is not set",
                        "pgweir.yaml:21:22: there is no file 'nowhere'",
                        "pgweir.yaml:22:6: user 'e' must be a mapping of names to values, but this is a single value");
    }

    @Test
    void reportsProblemsOfAllSourcesAtOnce() throws IOException {
        file("begin: later\n");
        flags.put("pool_timeout", "-1");
        flags.put("tls_cert", "x");
        environment.put("PGWEIR_MAX_CLIENTS", "0");
        environment.put("PGWEIR_POOL_TIMOUT", "5");
        environment.put("PGWEIR_DATABASE_URL", URL + "?sslmode=verify-full");
        assertThat(problems())
                .containsExactlyInAnyOrder(
                        "pgweir.yaml:1:8: 'later' is unknown: write one of defer, forward",
                        "--pool-timeout: '-1' is not a duration: write 500ms, 30s, 5m or 1h; a plain number is seconds",
                        "--tls-cert: tls_cert needs tls_key: name both files",
                        "--tls-cert: there is no file 'x'",
                        "PGWEIR_MAX_CLIENTS: 0 is out of range: write a number from 1 to 1000000",
                        "PGWEIR_POOL_TIMOUT: no setting has this name; did you mean 'PGWEIR_POOL_TIMEOUT'?",
                        "PGWEIR_DATABASE_URL?sslmode: sslmode verify-full needs roots to verify against: name a file as sslrootcert, or write sslrootcert=system for those that the Java runtime trusts");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "min_connections: 30 | pgweir.yaml:1:18: min_connections is 30, more than connection_limit, which is 20 (default): lower one or raise the other",
                "connection_limit: 0 | pgweir.yaml:1:19: 0 is out of range: write a number from 1 to 10000",
                "http: 0.0.0.0:6432 | pgweir.yaml:1:7: http and listen have the same port 6432: give one of them another",
                "log_level: inof | pgweir.yaml:1:12: 'inof' is unknown: write one of trace, debug, info, warn, error, off; did you mean 'info'?",
                "admin_users: a,,b | pgweir.yaml:1:14: a name in the list is empty: write names separated by commas",
                "listen: !x y | pgweir.yaml:1:9: listen begins with '!', which YAML takes for a tag: put the value into quotation marks",
                "users: {a: {password: *sesame}} | pgweir.yaml:1:23: this is not valid YAML: put a value that begins with * or & into quotation marks",
                "users: {a: {password: @sesame}} | pgweir.yaml:1:23: this is not valid YAML: found character '@' that cannot start any token. (Do not use @ for indentation)",
                "listen | pgweir.yaml:1:1: the file must be a mapping of names to values, but this is a single value",
                "databases: {a: {host: h, password: sesame}} | pgweir.yaml:1:13: there is a password but no user whose password it is: name the user",
                "databases: {a: 'postgresql://app:sesame2@h'} | pgweir.yaml:1:13: user 'app' has another password here than for database 'shop': write the one that clients prove under users",
                "databases: {pgweir: 'postgresql://h/x'} | pgweir.yaml:1:13: the name 'pgweir' belongs to the admin console: clients need another name for this database",
                "databases: {a: 'postgresql://localhost:6432/x'} | pgweir.yaml:1:13: this is the address that pgweir itself listens on (127.0.0.1:6432): name the PostgreSQL server, or listen elsewhere",
                "tls: require | pgweir.yaml:1:6: tls require needs a certificate: name tls_cert and tls_key",
                "client_auth: cert | pgweir.yaml:1:14: client_auth cert needs verified certificates: set tls to verify-full, and name tls_cert, tls_key and tls_ca",
                "sslnegotiation: direct | pgweir.yaml:1:17: sslnegotiation direct needs an sslmode from require on, and it is prefer",
                "{sslrootcert: system, sslmode: require} | pgweir.yaml:1:32: sslmode require is too weak for sslrootcert=system: write verify-full",
                "{channel_binding: require, sslmode: disable} | pgweir.yaml:1:19: channel_binding require needs TLS, and sslmode is disable: raise sslmode",
                "sslcert: pgweir.yaml | pgweir.yaml:1:10: sslcert needs sslkey: it is pgweir's own certificate, as in libpq; a certificate to trust is sslrootcert",
                "sslrootcert: nowhere | pgweir.yaml:1:14: there is no file 'nowhere'",
                "database_url_file: x | pgweir.yaml:1:20: there is no file 'x'",
            })
    void saysExactlyWhatIsWrong(String yaml, String problem) throws IOException {
        file(yaml);
        if (!yaml.startsWith("database_url")) {
            environment.put("DATABASE_URL", URL);
        }
        assertThat(problems()).containsExactly(problem);
    }

    @Test
    void aDatabaseIsNeededAndTheMessageSaysHowToNameOne() {
        assertThat(problems())
                .containsExactly(
                        "--database-url: no database is named: give --database-url, set DATABASE_URL, or write "
                                + "databases into a file for --config");
    }

    @Test
    void aMissingFileIsOneProblemNotThree() {
        flags.put("config", directory.resolve("nowhere.yaml").toString());
        assertThat(problems()).containsExactly("--config: there is no file 'nowhere.yaml'");
        flags.put("config", directory.toString());
        assertThat(problems()[0]).startsWith("--config: '").endsWith("' is a directory: name a file");
    }

    @Test
    void scramNeedsSomebodyWithAPassword() {
        flags.put("database_url", "postgresql://app@db/shop");
        assertThat(problems())
                .containsExactly(
                        "--database-url: client_auth is scram but no user has a password: put user:password into "
                                + "the database URL, write users into the file, name an auth_user, or choose --client-auth"
                                + " trust");
        flags.put("client_auth", "trust");
        assertThat(good().databases()).hasSize(1);
    }

    @Test
    void bothAUrlAndAUrlFileOfOneSourceContradict() {
        environment.put("PGWEIR_DATABASE_URL", URL);
        environment.put("PGWEIR_DATABASE_URL_FILE", "/run/url");
        assertThat(problems())
                .containsExactly(
                        "PGWEIR_DATABASE_URL_FILE: database_url_file contradicts PGWEIR_DATABASE_URL: keep one of them");
    }

    @Test
    void theDatabaseUrlHidesAnEntryOfTheSameNameWithANote() throws IOException {
        file("databases: {shop: 'postgresql://x:sesame@elsewhere/shop'}\n");
        environment.put("DATABASE_URL", URL);
        LoadedConfig loaded = load();
        assertThat(loaded.config().orElseThrow().databases())
                .singleElement()
                .satisfies(d -> assertThat(d.user()).isEqualTo("app"));
        assertThat(loaded.notes())
                .extracting(ConfigProblem::message)
                .containsExactly("database 'shop' is taken from DATABASE_URL instead");
    }

    @Test
    void minConnectionsIsJudgedByTheLimitOfThePoolItIsFor() {
        environment.put("PGWEIR_MIN_CONNECTIONS", "30");
        environment.put("DATABASE_URL", URL + "?connection_limit=40");
        assertThat(good().databases().get(0).pool().minConnections()).isEqualTo(30);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "PGWEIR_PORT",
                "PGWEIR_SERVICE_HOST",
                "PGWEIR_SERVICE_PORT_HTTP",
                "PGWEIR_PORT_6432_TCP_ADDR",
                "PGWEIR_EU_SERVICE_HOST",
                "PGWEIR_JAVA_OPTS",
                "PGWEIR_PROFILE",
                "PGWEIR_REBUILD",
                "PGWEIR_TEST_DATABASE_URL"
            })
    void variablesThatKubernetesAndTheLauncherSetAreNoTypingErrors(String name) {
        environment.put("DATABASE_URL", URL);
        environment.put(name, "tcp://10.0.0.1:6432");
        assertThat(problems()).isEmpty();
    }

    @Test
    void aVariableThatTheFileTakesAPasswordFromIsNoTypingError() throws IOException {
        file("users: {a: {password_env: PGWEIR_APP_PASSWORD}}\n");
        environment.put("PGWEIR_APP_PASSWORD", "sesame");
        environment.put("DATABASE_URL", URL);
        assertThat(problems()).isEmpty();
    }

    @Test
    void anEmptyVariableCountsAsAbsent() {
        environment.put("DATABASE_URL", URL);
        environment.put("PGWEIR_HTTP", "");
        environment.put("PGWEIR_DATABASE_URL", " ");
        assertThat(good().http()).hasToString("127.0.0.1:6433");
    }

    @Test
    void httpMayBeOffAndPortsMayBeChosenByTheSystem() {
        environment.put("DATABASE_URL", URL);
        flags.put("http", "off");
        flags.put("listen", "[::1]:0");
        assertThat(good().http()).isNull();
        assertThat(good().listen()).isEqualTo(new HostPort("::1", 0));
    }

    @Test
    void noTextOfTheConfigurationShowsAPassword() throws IOException {
        file("users: {a: {password: sesame}}\n");
        environment.put("DATABASE_URL", URL);
        LoadedConfig loaded = load();
        String all = loaded.config().orElseThrow() + loaded.toString() + new ConfigSources(flags, environment);
        assertThat(all).contains("***").doesNotContain("sesame");
        assertThat(String.format("%s", new Secret("sesame"))).isEqualTo("***");
    }

    @Test
    void hostileFilesAreProblemsNotExceptions() throws IOException {
        environment.put("DATABASE_URL", URL);
        for (String yaml : new String[] {
            "a: &a [*a, *a]\n*a : b",
            "? [x, y]\n: z",
            "\t- x",
            "a: b: c",
            "--- 1\n--- 2",
            "databases: [1]",
            "users: 3",
            "databases: {a: [1]}",
            "databases: {? {x: y} : 1}",
            "\u0000",
            "listen: {a: b}",
            "x: ".repeat(5000),
            "[".repeat(5000),
            "databases: {'': {host: h}}",
            "databases: {a: {host: []}}",
            "users: {a: {password_file: \"\\0\"}}"
        }) {
            file(yaml);
            String shown = yaml.substring(0, Math.min(40, yaml.length()));
            assertThat(load().problems()).as(shown).isNotEmpty();
        }
    }
}
