package io.pgweir.proxy.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgweir.protocol.auth.ScramClient;
import io.pgweir.proxy.settings.ConfigChange;
import io.pgweir.proxy.settings.ReloadReport;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who may come in is changed by a reload, and whoever is in stays and is served. */
@Timeout(120)
class ReloadAccessTest extends ReloadAccessHarness {
    // ---- users

    @Test
    void aUserWithAVerifierIsRemovedAndComesBackWithAPassword() throws Exception {
        try (Reloading pgweir = start(user(roles.stored(role)));
                WireClient client = pgweir.login("app", role, "right")) {
            servedAnew(pgweir, client);
            pgweir.to(SOMEBODY + file);
            refused(pgweir, "right", "28P01");
            servedAnew(pgweir, client); // with what it has brought
            pgweir.to("queue_limit: 7\n" + SOMEBODY + file);
            servedAnew(pgweir, client);
            pgweir.to(user("right") + file);
            refused(pgweir, "wrong", "28P01");
            try (WireClient other = pgweir.login("app", role, "right")) {
                servedAnew(pgweir, other);
                servedAnew(pgweir, client);
            }
        }
    }

    @Test
    void aVerifierThatIsReplacedIsTheOnlyOneThatCounts() throws Exception {
        String former = roles.stored(role);
        try (Reloading pgweir = start(user(former));
                WireClient client = pgweir.login("app", role, "right")) {
            assertThat(client.query("select 1")).endsWith("Z[I]");
            roles.alter(role, "PASSWORD 'other'");
            pgweir.to(user(roles.stored(role)) + file);
            refused(pgweir, "right", "28P01");
            pgweir.login("app", role, "other").close();
            servedAnew(pgweir, client);
            pgweir.write(user(former.substring(0, former.length() - 9)) + file);
            assertThat(pgweir.reload().problems())
                    .as("one that is cut off")
                    .singleElement()
                    .satisfies(problem ->
                            assertThat(problem.toString()).contains("SCRAM").doesNotContain(former.substring(30, 60)));
            pgweir.login("app", role, "other").close();
        }
    }

    @Test
    void aPasswordThatIsReplacedByItsVerifierServesUntilAClientComesIn() throws Exception {
        try (Reloading pgweir = start(user("right"));
                WireClient client = pgweir.login("app", role, "right")) {
            String more = "  more: {host: $HOST, port: $PORT, min_connections: 1, user: " + role + "}\n"; // waits, too
            pgweir.to(user(roles.stored(role)) + file + more);
            pgweir.to("queue_limit: 7\n" + user(roles.stored(role)) + file + more);
            refused(pgweir, "wrong", "28P01");
            servedAnew(pgweir, client);
            pgweir.login("app", role, "right").close();
            servedAnew(pgweir, client); // with what that one has brought
        }
    }

    @Test
    void oneClientBringsWhatAllPoolsOfAnotherVerifierWaitForAndPgweirIsReadyMeanwhile() throws Exception {
        String own = file.replace("dbname: ", "user: " + role + ", min_connections: 1, dbname: ");
        String both = own + own.substring(own.indexOf("  app:")).replace("app:", "more:");
        try (Reloading pgweir =
                        new Reloading(postgres, directory, user(roles.stored(role)) + both, "client_auth", "scram");
                WireClient app = pgweir.login("app", role, "right");
                WireClient more = pgweir.login("more", role, "right")) {
            assertThat(app.query("select 1") + more.query("select 1")).doesNotContain("E[");
            roles.alter(role, "PASSWORD 'other'");
            pgweir.to(user(roles.stored(role)) + both);
            assertThat(pgweir.proxy().pool("app", role).settings().minConnections())
                    .as("it is no pool that leaves")
                    .isOne();
            postgres.terminateAll(database);
            eventually("nobody is served", () -> {
                assertThat(app.query("select 1")).startsWith("E[");
                assertThat(more.query("select 1")).startsWith("E[");
            });
            assertThat(ready(pgweir)).as("or nobody would send it that client").isEqualTo(200);
            pgweir.login("app", role, "other").close();
            assertThat(app.query("select 1") + more.query("select 1")).doesNotContain("E[");
        }
    }

    private static int ready(Reloading pgweir) throws Exception {
        int port = pgweir.proxy().proxy().httpAddress().getPort();
        URI uri = URI.create("http://127.0.0.1:" + port + "/health/ready");
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    // ---- logins under way

    /** A client that has been challenged, and its right answer. */
    private record Challenged(WireClient client, byte[] answer) {
        String outcome() throws IOException {
            try (client) {
                client.send(answer);
                ServerMessage message = client.read();
                while (message.type() == 'R' || message.type() == 'S' || message.type() == 'K') {
                    message = client.read();
                }
                return message.type() == 'E' ? message.fields().get('C') : message.toString();
            }
        }
    }

    private Challenged challenged(Reloading pgweir, String password) throws IOException {
        WireClient client =
                WireClient.connect(pgweir.proxy().host(), pgweir.proxy().port());
        client.send(Frontend.startup(0, Map.of("user", role, "database", "app")));
        assertThat(client.read().type()).isEqualTo('R');
        ScramClient scram = new ScramClient(password);
        client.send(Frontend.saslInitialResponse(
                ScramClient.MECHANISM, new String(scram.first(), StandardCharsets.ISO_8859_1)));
        byte[] body = client.read().body();
        byte[] last = scram.last(Arrays.copyOfRange(body, 4, body.length));
        return new Challenged(client, Frontend.saslResponse(new String(last, StandardCharsets.ISO_8859_1)));
    }

    @Test
    void anAnswerMustBeRightWhenItComes() throws Exception {
        String hba = "auth_hba_file: hba.conf\n";
        rules("host all all all scram-sha-256");
        try (Reloading pgweir = start(user("right"))) {
            Challenged login = challenged(pgweir, "right");
            pgweir.to("queue_limit: 7\n" + user("right") + file);
            assertThat(login.outcome()).as("something else").isEqualTo("Z[I]");

            login = challenged(pgweir, "right");
            pgweir.to(user("changed") + file);
            assertThat(login.outcome()).as("another password").isEqualTo("28P01");

            login = challenged(pgweir, "changed");
            pgweir.to(SOMEBODY + file);
            assertThat(login.outcome()).as("removed").isEqualTo("28P01");

            pgweir.to(hba + user("right") + file);
            login = challenged(pgweir, "right");
            rules("host all all all reject");
            pgweir.to(hba + user("right") + file);
            assertThat(login.outcome()).as("rejected").isEqualTo("28000");

            pgweir.to(asking() + file);
            login = challenged(pgweir, "right");
            pgweir.to(asking("queue_limit: 9") + file);
            assertThat(login.outcome()).as("by the database as before").isEqualTo("Z[I]");
            login = challenged(pgweir, "right");
            pgweir.to(asking(NOBODY) + file);
            assertThat(login.outcome()).as("not by the database any more").isEqualTo("28P01");
        }
    }

    // ---- rules

    private void rules(String... lines) throws IOException {
        Files.writeString(directory.resolve("hba.conf"), String.join("\n", lines) + "\n");
    }

    @Test
    void rulesAreReadAgainAndWhoIsInStays() throws Exception {
        String ruled = "auth_hba_file: hba.conf\nadmin_users: [dba]\n" + user("right");
        rules("host all all all trust");
        try (Reloading pgweir = new Reloading(postgres, directory, ruled + file);
                WireClient console = pgweir.login("pgweir", "dba", null);
                WireClient client = pgweir.login("app", role, null)) {
            assertThat(client.query("select 1")).endsWith("Z[I]");
            rules("# by its password", "host app all all scram-sha-256", "host all dba all trust");
            assertThat(pgweir.to(ruled + file).changes())
                    .extracting(ConfigChange::toString)
                    .containsExactly(
                            "lines of auth_hba_file 1 -> 2 (others): in force for clients that log in from now on");
            assertThatThrownBy(() -> pgweir.login("app", role, null)).hasMessageContaining("wants a password");
            refused(pgweir, "wrong", "28P01");
            pgweir.login("app", role, "right").close();
            servedAnew(pgweir, client);

            rules("host app all all reject", "host all all 10.0.0.0/33 trust", "hostile all all all trust");
            pgweir.write("queue_limit: 3\n" + ruled + file);
            ReloadReport report = pgweir.reload();
            assertThat(report.changes()).isEmpty();
            assertThat(report.problems())
                    .extracting(problem -> problem.toString().replaceAll(".*/(?=hba)", ""))
                    .satisfiesExactly(
                            line -> assertThat(line).startsWith("hba.conf:2: "),
                            line -> assertThat(line).startsWith("hba.conf:3: invalid connection type \"hostile\""));
            assertThat(console.query("reload")).startsWith("E[F0000").endsWith("Z[I]");
            pgweir.login("app", role, "right").close();
            assertThat(pgweir.proxy().pool("app", role).settings().queueLimit()).isEqualTo(1000);
            Files.delete(directory.resolve("hba.conf"));
            assertThat(pgweir.reload().problems()).hasSize(1);
            pgweir.login("app", role, "right").close();

            rules("host app all all reject", "host all all all trust");
            assertThat(console.query("reload"))
                    .contains("lines of auth_hba_file")
                    .endsWith("Z[I]");
            refused(pgweir, "right", "28000");
            servedAnew(pgweir, client);
            pgweir.to(ruled.replace("auth_hba_file: hba.conf\n", "") + file);
            pgweir.login("app", role, null).close(); // client_auth counts again, which is trust here
        }
    }

    // ---- how many

    @Test
    void limitsOfClientsCountThoseWhoAreHere() throws Exception {
        try (Reloading pgweir = start(user("right"));
                WireClient first = pgweir.login("app", role, "right")) {
            WireClient second = pgweir.login("app", role, "right");
            WireClient third = pgweir.login("app", role, "right");
            assertThat(pgweir.to(user("right", ", max_clients: 2") + file).changes())
                    .extracting(ConfigChange::toString)
                    .containsExactly("user " + role + ": max_clients as others -> 2: in force now");
            refused(pgweir, "right", "53300 too many connections for role \"" + role + "\": 2 of 2");
            third.close();
            second.close();
            eventually("two have gone", () -> pgweir.login("app", role, "right").close());
            String small = file.replace("dbname: ", "max_clients: 1, dbname: ");
            pgweir.to(user("right", ", max_clients: off") + small);
            eventually(
                    "one place of the database",
                    () -> refused(pgweir, "right", "53300 too many connections for database \"app\": 1 of 1"));
            pgweir.to("max_db_clients: 1\n" + user("right") + file.replace("dbname: ", "max_clients: 2, dbname: "));
            pgweir.login("app", role, "right").close();
            assertThat(first.query("select 1")).endsWith("Z[I]");
        }
    }

    @Test
    void theLimitOfWrongPasswordsIsTakenBack() throws Exception {
        String limited = file.replace("failed_login_limit: off", "failed_login_limit: 1");
        try (Reloading pgweir = new Reloading(postgres, directory, user("right") + limited, "client_auth", "scram")) {
            refused(pgweir, "wrong", "28P01");
            refused(pgweir, "wrong", "28P01"); // slowly
            refused(pgweir, "right", "28000");
            pgweir.to(user("right") + file);
            pgweir.login("app", role, "right").close();
            refused(pgweir, "wrong", "28P01");
        }
    }
}
