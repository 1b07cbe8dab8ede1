package io.pgweir.proxy.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.testkit.LoginRefused;
import io.pgweir.proxy.testkit.LoginRoles;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A proxy whose clients prove who they are, and two roles: one that logs in, and one that auth_query may ask as. */
abstract class ReloadAccessHarness {
    static final String SOMEBODY = "users: {somebody: {password: x}}\n";
    static final String NOBODY =
            "auth_query: SELECT rolname, rolpassword FROM pg_catalog.pg_authid WHERE rolname = $1 AND false";

    final RealPostgres postgres = RealPostgres.get();
    final LoginRoles roles = new LoginRoles(postgres);
    String database = "";
    String file = "";
    String asker = "";
    String role = "";

    @TempDir
    Path directory;

    @BeforeEach
    void someRoles() throws Exception {
        assumeThat(postgres.checksPasswords()).isTrue();
        database = postgres.createDatabase();
        file = "failed_login_limit: off\ndatabases:\n  app: {host: $HOST, port: $PORT, dbname: " + database + "}\n";
        role = roles.create("right");
        asker = roles.create("asks");
        postgres.execute("GRANT SELECT ON pg_catalog.pg_authid TO " + asker);
    }

    @AfterEach
    void noRoles() throws Exception {
        roles.close();
        if (!database.isEmpty()) {
            postgres.dropDatabase(database);
        }
    }

    Reloading start(String lines) throws IOException {
        return new Reloading(postgres, directory, lines + file, "client_auth", "scram");
    }

    String user(String secret, String... more) {
        return "users:\n  " + role + ": {password: '" + secret + "'" + String.join("", more) + "}\n";
    }

    String asking(String... more) {
        return "auth_user: " + asker + "\nauth_password: asks\nauth_dbname: postgres\n" + String.join("\n", more)
                + "\n";
    }

    void refused(Reloading pgweir, String password, String sqlState) {
        assertThatThrownBy(() -> pgweir.login("app", role, password).close())
                .isInstanceOf(LoginRefused.class)
                .hasMessageContaining("E[" + sqlState);
    }

    /** By a backend that is opened for it. */
    void servedAnew(Reloading pgweir, WireClient client) throws Exception {
        postgres.terminateAll(database);
        Pool pool = pgweir.proxy().pool("app", role);
        eventually("the backends have gone", () -> assertThat(pool.open()).isZero());
        assertThat(client.value("select current_user")).isEqualTo(role);
    }

    static void eventually(String what, org.awaitility.core.ThrowingRunnable check) {
        org.awaitility.Awaitility.await(what).atMost(Duration.ofSeconds(10)).untilAsserted(check);
    }
}
