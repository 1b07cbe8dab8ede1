package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgweir.protocol.auth.ScramClient;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.LoginRefused;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.TestCertificates;
import io.pgweir.proxy.testkit.TestRole;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may come in at all, and how many of them. */
class AccessTest {
    private static final TestRole ROLE = TestRole.SCRAM;

    private final RealPostgres postgres = RealPostgres.get();

    @TempDir
    private Path directory;

    private RunningProxy proxy(String yaml, String... settings) throws IOException {
        Path file = directory.resolve("pgweir.yaml");
        Files.writeString(file, """
                databases:
                  closed: {host: %s, port: %d, dbname: postgres, max_clients: 3}
                  "*": {host: %s, port: %d}
                users:
                  %s: {password: %s, max_clients: 2}
                  plain_user: {password: plain-pw}
                %s
                """.formatted(
                        postgres.host(),
                        postgres.port(),
                        postgres.host(),
                        postgres.port(),
                        ROLE.user(),
                        ROLE.password(),
                        yaml));
        return RunningProxy.with(file, settings);
    }

    private RunningProxy ruled(String... rules) throws IOException {
        Files.writeString(directory.resolve("hba.conf"), String.join("\n", rules));
        return proxy("auth_hba_file: hba.conf");
    }

    // ---- rules

    @Test
    void theFirstRuleThatFitsDecides() throws Exception {
        try (RunningProxy proxy = ruled(
                "hostssl all trust_user all trust",
                "host closed all all reject",
                "host all trust_user 127.0.0.0/8 trust",
                "host postgres all samehost scram-sha-256",
                "host all postgres 10.0.0.0/8 trust")) {
            assertThat(LoginAttempt.at(proxy, "postgres", "trust_user", "").outcome())
                    .isEqualTo("in as trust_user");
            assertThat(LoginAttempt.at(proxy, "closed", "trust_user", "").outcome())
                    .isEqualTo(
                            "28000 pg_hba.conf rejects connection for host \"127.0.0.1\", user \"trust_user\", database"
                                    + " \"closed\", no encryption");
            assertThat(LoginAttempt.at(proxy, "postgres", ROLE.user(), ROLE.password())
                            .outcome())
                    .isEqualTo("in as " + ROLE.user());
            assertThat(LoginAttempt.at(proxy, "nowhere", "postgres", "").outcome())
                    .isEqualTo("28000 no pg_hba.conf entry for host \"127.0.0.1\", user \"postgres\", database"
                            + " \"nowhere\", no encryption");
            assertThat(proxy.proxy().pools().pools())
                    .extracting(pool -> pool.key().toString())
                    .containsExactlyInAnyOrder("postgres/trust_user", "postgres/" + ROLE.user());
        }
    }

    @Test
    void rulesForTheConsoleAreRulesForADatabase() throws Exception {
        Files.writeString(
                directory.resolve("hba.conf"), "host pgweir,pgbouncer all all reject\nhost all all all trust\n");
        try (RunningProxy proxy = proxy("auth_hba_file: hba.conf\nadmin_users: [postgres]")) {
            assertThat(LoginAttempt.at(proxy, "pgweir", "postgres", "").outcome())
                    .startsWith("28000 pg_hba.conf rejects connection");
            assertThat(LoginAttempt.at(proxy, "postgres", "postgres", "").outcome())
                    .isEqualTo("in as postgres");
        }
    }

    @Test
    void aRuleForOneNameOfTheConsoleIsForBoth() throws Exception {
        Files.writeString(directory.resolve("hba.conf"), "host pgweir all all reject\nhost all all all trust\n");
        try (RunningProxy proxy = proxy("auth_hba_file: hba.conf\nadmin_users: [postgres]")) {
            assertThat(LoginAttempt.at(proxy, "pgbouncer", "postgres", "").outcome())
                    .startsWith("28000 pg_hba.conf rejects connection");
        }
    }

    @Test
    void certificatesByRule() throws Exception {
        TestCertificates certificates = TestCertificates.in(Files.createDirectory(directory.resolve("tls")));
        Files.writeString(directory.resolve("hba.conf"), """
                hostssl all trust_user all cert
                hostssl all postgres all trust clientcert=verify-ca
                hostssl all all all scram-sha-256 clientcert=verify-full
                host all postgres all trust
                """);
        TestCertificates.Issued own = certificates.client("trust_user");
        TestCertificates.Issued server = certificates.server();
        try (RunningProxy proxy = proxy("""
                auth_hba_file: hba.conf
                tls_cert: %s
                tls_key: %s
                tls_ca: %s
                """.formatted(server.certificate(), server.key(), certificates.roots()))) {
            assertThat(tls(proxy, certificates, own, "trust_user")).isEqualTo("in");
            assertThat(tls(proxy, certificates, null, "trust_user"))
                    .contains("28000", "certificate authentication failed for user \"trust_user\"");
            assertThat(tls(proxy, certificates, certificates.client("else"), "trust_user"))
                    .contains("28000", "certificate authentication failed for user \"trust_user\"");
            assertThat(tls(proxy, certificates, own, "postgres")).isEqualTo("in");
            assertThat(tls(proxy, certificates, null, "postgres"))
                    .contains("28000", "connection requires a valid client certificate");
            assertThat(tls(proxy, certificates, certificates.client(ROLE.user()), ROLE.user()))
                    .isEqualTo("in");
            assertThat(tls(proxy, certificates, own, ROLE.user()))
                    .contains("28000", "certificate authentication failed for user \"" + ROLE.user() + "\"");
            assertThat(LoginAttempt.at(proxy, "postgres", "postgres", "").outcome())
                    .as("without TLS, by another rule")
                    .isEqualTo("in as postgres");
            assertThat(LoginAttempt.at(proxy, "postgres", "trust_user", "").outcome())
                    .startsWith("28000 no pg_hba.conf entry for host \"127.0.0.1\", user \"trust_user\"");
        }
    }

    private static String tls(
            RunningProxy proxy, TestCertificates certificates, TestCertificates.@Nullable Issued own, String user)
            throws IOException {
        try (WireClient client = WireClient.connectTls(proxy.host(), proxy.port(), certificates.context(own))
                .logIn("postgres", user, ROLE.password())) {
            return client.value("SELECT 1").equals("1") ? "in" : "?";
        } catch (LoginRefused e) {
            return e.getMessage();
        }
    }

    // ---- limits

    private WireClient open(RunningProxy proxy, String database, String user) throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), database, user, ROLE.password());
    }

    @Test
    void limitsAreExactAndEveryWayOutCounts() throws Exception {
        try (RunningProxy proxy = proxy("max_db_clients: 50", "client_auth", "scram")) {
            for (int round = 0; round < 3; round++) {
                Queue<WireClient> in = new ConcurrentLinkedQueue<>();
                AtomicInteger refused = new AtomicInteger();
                CountDownLatch begin = new CountDownLatch(1);
                List<Thread> threads = new ArrayList<>();
                for (int i = 0; i < 10; i++) {
                    Thread thread = new Thread(() -> {
                        try {
                            begin.await();
                            in.add(open(proxy, "postgres", ROLE.user()));
                        } catch (LoginRefused e) {
                            assertThat(e.getMessage())
                                    .contains("53300", "too many connections for role \"" + ROLE.user() + "\": 2 of 2");
                            refused.incrementAndGet();
                        } catch (IOException | InterruptedException e) {
                            throw new IllegalStateException(e);
                        }
                    });
                    thread.start();
                    threads.add(thread);
                }
                begin.countDown();
                for (Thread thread : threads) {
                    thread.join();
                }
                assertThat(in).hasSize(2);
                assertThat(refused).hasValue(8);
                // One leaves with a word, one without; others in the middle of their logins.
                in.remove().send(Frontend.terminate());
                in.remove().reset();
                for (int i = 0; i < 5; i++) {
                    WireClient half = WireClient.connect(proxy.host(), proxy.port());
                    half.send(Frontend.startup(0, Map.of("user", ROLE.user(), "database", "postgres")));
                    half.read();
                    half.close();
                }
                await().until(() -> proxy.proxy().pools().clients(proxy.pool("postgres", ROLE.user())) == 0);
            }
            try (WireClient one = open(proxy, "postgres", ROLE.user());
                    WireClient two = open(proxy, "postgres", ROLE.user())) {
                assertThat(one.value("SELECT 1") + two.value("SELECT 2")).isEqualTo("12");
            }
        }
    }

    @Test
    void aDatabaseHasALimitOfItsOwn() throws Exception {
        try (RunningProxy proxy = proxy("", "max_user_clients", "50")) {
            try (WireClient one = open(proxy, "closed", "postgres");
                    WireClient two = open(proxy, "closed", "trust_user");
                    WireClient three = open(proxy, "closed", "trust_user")) {
                assertThatThrownBy(() -> open(proxy, "closed", "postgres"))
                        .hasMessageContaining("53300")
                        .hasMessageContaining("too many connections for database \"closed\": 3 of 3");
                try (WireClient other = open(proxy, "postgres", "postgres")) {
                    assertThat(other.value("SELECT 1")).isEqualTo("1");
                }
                two.send(Frontend.terminate());
                await().until(() -> {
                    try (WireClient next = open(proxy, "closed", "postgres")) {
                        return "1".equals(next.value("SELECT 1"));
                    } catch (LoginRefused e) {
                        return false;
                    }
                });
                assertThat(one.value("SELECT 1") + three.value("SELECT 3")).isEqualTo("13");
            }
        }
    }

    // ---- guessing

    @Test
    void whoGuessesIsSlowedDownAndThenRefusedForAWhile() throws Exception {
        List<WireClient> guesses = new ArrayList<>();
        try (RunningProxy proxy = proxy("max_user_clients: 50", "client_auth", "password", "failed_login_limit", "2")) {
            for (int i = 0; i < 30; i++) {
                assertThat(LoginAttempt.at(proxy, "postgres", TestRole.PLAIN.user(), TestRole.PLAIN.password())
                                .outcome())
                        .as("good logins do not count")
                        .isEqualTo("in as " + TestRole.PLAIN.user());
            }
            for (int i = 0; i < 2; i++) {
                assertThat(LoginAttempt.at(proxy, "postgres", TestRole.PLAIN.user(), "wrong")
                                .outcome())
                        .startsWith("28P01 ");
            }
            for (int i = 0; i < 2; i++) {
                WireClient guess = WireClient.connect(proxy.host(), proxy.port());
                guesses.add(guess);
                guess.send(Frontend.startup(0, Map.of("user", TestRole.PLAIN.user(), "database", "postgres")));
                assertThat(guess.read()).hasToString("R[3]");
            }
            assertThat(LoginAttempt.at(proxy, "postgres", TestRole.PLAIN.user(), TestRole.PLAIN.password())
                            .outcome())
                    .as("debts of others behind the same address do not lock it out at once")
                    .isEqualTo("in as " + TestRole.PLAIN.user());
            for (WireClient guess : guesses) {
                guess.send(Frontend.password("wrong"));
            }
            await().untilAsserted(() -> assertThat(
                            LoginAttempt.at(proxy, "postgres", TestRole.PLAIN.user(), TestRole.PLAIN.password())
                                    .outcome())
                    .startsWith("28000 too many failed logins of user \"" + TestRole.PLAIN.user()
                            + "\" from 127.0.0.1: more than 2 a minute"));
            assertThat(LoginAttempt.at(proxy, "postgres", ROLE.user(), ROLE.password())
                            .outcome())
                    .as("another user behind the same address")
                    .isEqualTo("in as " + ROLE.user());
            assertThat(guesses.get(0).hasUnread())
                    .as("still waits for its answer")
                    .isFalse();
        } finally {
            for (WireClient guess : guesses) {
                guess.close();
            }
        }
    }

    /** Whoever has been asked before the first wrong answer has no more guesses than others. */
    @ParameterizedTest
    @ValueSource(strings = {"password", "scram"})
    void guessesAtTheSameTimeCountLikeOthers(String method) throws Exception {
        List<WireClient> guesses = new ArrayList<>();
        try (RunningProxy proxy = proxy("", "client_auth", method, "failed_login_limit", "2")) {
            List<byte[]> wrong = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                WireClient guess = WireClient.connect(proxy.host(), proxy.port());
                guesses.add(guess);
                guess.send(Frontend.startup(0, Map.of("user", TestRole.PLAIN.user(), "database", "postgres")));
                ServerMessage asked = guess.read();
                if (method.equals("password")) {
                    wrong.add(Frontend.password("wrong" + i));
                    continue;
                }
                ScramClient scram = new ScramClient("wrong" + i);
                assertThat(asked.type()).isEqualTo('R');
                guess.send(Frontend.saslInitialResponse(
                        ScramClient.MECHANISM, new String(scram.first(), StandardCharsets.ISO_8859_1)));
                byte[] body = guess.read().body();
                byte[] first = Arrays.copyOfRange(body, 4, body.length);
                wrong.add(Frontend.saslResponse(new String(scram.last(first), StandardCharsets.ISO_8859_1)));
            }
            for (int i = 0; i < guesses.size(); i++) {
                guesses.get(i).send(wrong.get(i));
            }
            int judged = 0;
            for (WireClient guess : guesses) {
                judged += guess.read().toString().contains("28P01") ? 1 : 0;
            }
            // Two are answered at once, two more may be owed; each of two threads may be in the middle of one.
            assertThat(judged).isBetween(4, 6);
        } finally {
            for (WireClient guess : guesses) {
                guess.close();
            }
        }
    }
}
