package io.pgweir.proxy.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DatabaseUrlTest {
    private final Problems problems = new Problems();

    private DatabaseUrl good(String url) {
        DatabaseUrl parsed = DatabaseUrl.parse(url, "URL", problems);
        assertThat(problems.problems()).isEmpty();
        return Objects.requireNonNull(parsed);
    }

    @Test
    void readsEveryPart() {
        DatabaseUrl url = good("postgresql://app:p%40ss%2Fw%25@db.example.com:6000/my%20shop?application_name=web");
        assertThat(url.hosts()).containsExactly(new HostPort("db.example.com", 6000));
        assertThat(url.user()).isEqualTo("app");
        assertThat(Objects.requireNonNull(url.password()).reveal()).isEqualTo("p@ss/w%");
        assertThat(url.database()).isEqualTo("my shop");
        assertThat(url.startupParameters()).isEqualTo(Map.of("application_name", "web"));
        assertThat(url.pool().has(TlsSettings.SSLMODE)).isFalse();
    }

    @Test
    void readsSeveralHostsAndIpv6() {
        assertThat(good("postgres://u@h1:1,h2,[::1]:3,[fe80::2]/d").hosts())
                .containsExactly(
                        new HostPort("h1", 1),
                        new HostPort("h2", 5432),
                        new HostPort("::1", 3),
                        new HostPort("fe80::2", 5432));
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "postgresql://, -, -, -, localhost",
                "postgresql:///d, -, -, d, localhost",
                "postgresql://h, -, -, -, h",
                "postgresql://u@h/, u, -, -, h",
                "postgresql://u:@h/d, u, -, d, h",
                "postgresql://u:a:b@h/d, u, a:b, d, h",
                "postgresql://u:a@b@h/d, u, a@b, d, h",
                "postgresql://u:a#b@h/d, u, a#b, d, h",
                "POSTGRESQL://u:a+b@h/d, u, a+b, d, h",
                "postgresql:///d?host=h&user=u&password=p, u, p, d, h",
                "postgresql://x@y/z?dbname=d&user=u&host=h, u, -, d, h",
                "postgresql://u:p%C3%A9@h/d%C3%A9, u, p\u00e9, d\u00e9, h",
            })
    void everyPartMayBeMissing(String url, String user, String password, String database, String host) {
        DatabaseUrl parsed = good(url);
        assertThat(parsed.user()).isEqualTo(user);
        Secret secret = parsed.password();
        assertThat(secret == null ? null : secret.reveal()).isEqualTo(password);
        assertThat(parsed.database()).isEqualTo(database);
        assertThat(parsed.hosts()).containsExactly(new HostPort(host, 5432));
    }

    @ParameterizedTest
    @CsvSource({
        "connection_limit=5, connection_limit, 5",
        "pool_timeout=7, pool_timeout, 7s",
        "connect_timeout=3, connect_timeout, 3s",
        "socket_timeout=4, statement_timeout, 4s",
        "statement_timeout=250ms, statement_timeout, 250ms",
        "max_connection_lifetime=60, backend_lifetime, 1m",
        "max_idle_connection_lifetime=0, backend_idle_timeout, off",
        "pool_mode=session, pool_mode, session",
        "shuffle=true, shuffle, true",
    })
    void parametersArePoolSettingsAndPlainNumbersAreSeconds(String query, String setting, String text) {
        DatabaseUrl url = good("postgresql://h/d?" + query);
        assertThat(new Values(List.of(url.pool())).text(Objects.requireNonNull(Settings.byName(setting))))
                .isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"schema=public, public", "schema=My, '\"My\"'", "schema=a%22b, '\"a\"\"b\"'"})
    void schemaBecomesASearchPathWithOneQuotedName(String query, String searchPath) {
        assertThat(good("postgresql://h/d?" + query).startupParameters()).isEqualTo(Map.of("search_path", searchPath));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pgbouncer=true",
                "statement_cache_size=0",
                "sslaccept=strict",
                "pool_timeout=0",
                "tcp_user_timeout=5",
                "statement_timeout=30000"
            })
    void acceptsWithANote(String query) {
        good("postgresql://h/d?" + query);
        assertThat(problems.notes())
                .singleElement()
                .satisfies(note -> assertThat(note.where()).isEqualTo("URL?" + query.substring(0, query.indexOf('='))));
    }

    /** In libpq's words: sslmode, sslrootcert and sslcert. */
    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "sslmode=no-verify, no-verify, -, -",
                "sslmode=require&sslrootcert=/ca, require, /ca, -",
                "sslcert=/c&sslkey=/k, -, -, /c",
                "sslaccept=strict, verify-full, system, -",
                "sslmode=require&sslaccept=strict&sslcert=/ca, verify-full, /ca, -",
                "sslmode=require&sslaccept=accept_invalid_certs, no-verify, -, -",
                "sslaccept=accept_invalid_certs&sslcert=/ca, -, -, -",
                "sslidentity=/me.p12&sslcert=/ca&sslpassword=x, -, /ca, /me.p12",
                "sslaccept=strict&sslcert=/c&sslkey=/k, verify-full, system, /c",
            })
    void parametersOfTlsMeanWhatLibpqAndPrismaSay(String query, String mode, String roots, String certificate) {
        Layer pool = good("postgresql://h/d?" + query).pool();
        Values values = new Values(List.of(pool));
        SslMode given = values.find(TlsSettings.SSLMODE);
        assertThat(given == null ? null : given.text()).isEqualTo(mode);
        assertThat(values.find(TlsSettings.SSLROOTCERT)).isEqualTo(roots);
        assertThat(values.find(TlsSettings.SSLCERT)).isEqualTo(certificate);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "postgresql://h/d?sslmode=disable&sslaccept=strict | URL?sslaccept: strict contradicts sslmode=disable: keep one of them",
                "postgresql://h/d?sslmode=verify-ca&sslaccept=accept_invalid_certs | URL?sslaccept: accept_invalid_certs contradicts sslmode=verify-ca: keep one of them",
                "postgresql://h/d?sslaccept=yes | URL?sslaccept: 'yes' is unknown: write strict or accept_invalid_certs",
                "postgresql://h/d?sslidentity=/x.pem | URL?sslidentity: sslidentity is a PKCS #12 file, whose name ends in .p12 or .pfx",
                "postgresql://h/d?conection_limit=5 | URL: parameter conection_limit is unknown; did you mean 'connection_limit'?",
                "postgresql://h/d?connection_limit=0 | URL?connection_limit: 0 is out of range: write a number from 1 to 10000",
                "postgresql://h/d?connection_limit=x | URL?connection_limit: 'x' is not a whole number: write a number from 1 to 10000",
                "postgresql://h/d?connect_timeout=0 | URL?connect_timeout: 0s is out of range: write a duration from 1ms to 500h",
                "postgresql://h/d?pool_mode=transction | URL?pool_mode: 'transction' is unknown: write one of transaction, session, statement; did you mean 'transaction'?",
                "postgresql://h/d?sslmode=prefered | URL?sslmode: 'prefered' is unknown: write one of disable, allow, prefer, no-verify, require, verify-ca, verify-full; did you mean 'prefer'?",
                "postgresql://h/d?pool_timeout | URL: parameter pool_timeout has no value: write pool_timeout=VALUE",
                "postgresql://h/d?pool_timeout=1&pool_timeout=2 | URL: parameter pool_timeout stands twice",
                "postgresql://h/d?statement_timeout=1&socket_timeout=2 | URL: parameter socket_timeout means the same as another parameter, statement_timeout",
                "mysql://u:sesame@h/d | URL: 'mysql://' is no PostgreSQL URL: write postgresql://user:password@host:5432/database",
                "jdbc:postgresql://h/d | URL: a JDBC URL is not understood: write postgresql://user:password@host:5432/database",
                "'\"postgresql://h/d\"' | URL: the URL stands in quotation marks: remove them",
                "sesame | URL: no URL: write postgresql://user:password@host:5432/database",
                "postgresql://%2Fvar%2Frun/d | URL: Unix-domain sockets are not supported: name a host and a TCP port",
                "postgresql://u:sesame%zz@h/d | URL: a '%' in the password is not followed by two hexadecimal digits (00 excepted): write %25 for '%'",
                "postgresql://u:sesame%@h/d | URL: a '%' in the password is not followed by two hexadecimal digits (00 excepted): write %25 for '%'",
                "postgresql://u:sesame%ff@h/d | URL: the percent-encoding in the password is not UTF-8",
                "postgresql://h:0/d | URL: port 0 cannot be connected to: write a port from 1 to 65535",
            })
    void saysExactlyWhatIsWrong(String url, String problem) {
        DatabaseUrl.parse(url, "URL", problems);
        assertThat(problems.problems()).extracting(ConfigProblem::toString).containsExactly(problem);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgresql://u:ses/ame@h/d",
                "postgresql://u:ses?ame@h/d",
                "postgresql://u:ses?ame=x@h/d",
                "postgresql://u:ses@ame/x@h/d",
                "postgresql://u:sesame",
                "postgresql://u:ses%ame@h/d",
                "postgresql://u:sesame@h:port/d",
                "postgresql://u:sesame@h h/d",
                "postgresql:/u:sesame@h/d",
                "u:sesame@h/d",
                "ses://ame:sesame@h",
                "postgresql://h/d?password=sesame&password=sesame",
                "postgresql://h/d?=sesame",
                "postgresql://u:ses&ame@h:x/d",
            })
    void neverRepeatsWhatMayBeAPartOfAPassword(String url) {
        DatabaseUrl.parse(url, "URL", problems);
        assertThat(problems.problems()).isNotEmpty();
        assertThat(problems.problems().toString())
                .doesNotContain("sesame")
                .doesNotContain("ame@")
                .doesNotContainPattern("\\bses\\b(?!://)")
                .doesNotContainPattern("\\bame\\b");
    }

    @Test
    void reportsAllWrongParametersAtOnce() {
        DatabaseUrl.parse("postgresql://h/d?a=1&b=2&pool_timeout=x", "URL", problems);
        assertThat(problems.problems()).hasSize(3);
    }
}
