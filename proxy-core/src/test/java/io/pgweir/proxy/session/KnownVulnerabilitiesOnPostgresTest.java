package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.LoginRefused;
import io.pgweir.proxy.testkit.LoginRoles;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.TestRole;
import io.pgweir.proxy.testkit.WireClient;
import java.sql.SQLException;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Known vulnerabilities of other poolers whose effect shows on a real server. */
class KnownVulnerabilitiesOnPostgresTest {
    private static final RealPostgres postgres = RealPostgres.get();
    private static String database;

    @BeforeAll
    static void create() throws SQLException {
        database = postgres.createDatabase();
    }

    @AfterAll
    static void drop() throws SQLException {
        postgres.dropDatabase(database);
    }

    /** Pgpool-II: a cache of results gave rows to users who may not read them. */
    @Test
    void cve_2024_45624_nobodyGetsRowsThatAnotherMayRead() throws Exception {
        byte[][] asked = {
            Frontend.parse("s", "SELECT word FROM secrets"),
            Frontend.bind("", "s"),
            Frontend.execute("", 0),
            Frontend.sync()
        };
        try (RunningProxy proxy = RunningProxy.before(postgres, "connection_limit", "1");
                WireClient owner = login(proxy, postgres.superuser(), Map.of());
                WireClient other = login(proxy, TestRole.TRUST.user(), Map.of())) {
            owner.query("CREATE TABLE secrets AS SELECT 'hidden' AS word");
            assertThat(owner.exchange(asked)).contains("D[hidden]");
            assertThat(owner.query("SELECT word FROM secrets")).contains("D[hidden]");
            for (int i = 0; i < 3; i++) {
                byte[][] again = java.util.Arrays.copyOfRange(asked, i == 0 ? 0 : 1, asked.length);
                assertThat(other.exchange(again)).contains("E[42501").doesNotContain("hidden");
                assertThat(other.query("SELECT word FROM secrets"))
                        .startsWith("E[42501")
                        .doesNotContain("hidden");
                assertThat(owner.exchange(Frontend.bind("", "s"), Frontend.execute("", 0), Frontend.sync()))
                        .contains("D[hidden]");
            }
            owner.query("DROP TABLE secrets");
        }
    }

    /** PgBouncer: the query for passwords did not look at VALID UNTIL, so a password that had expired let people in. */
    @Test
    void cve_2025_2291_aPasswordThatHasExpiredLetsNobodyIn() throws Exception {
        assumeThat(postgres.checksPasswords()).isTrue();
        try (LoginRoles roles = new LoginRoles(postgres)) {
            String asker = roles.create("asks");
            postgres.execute("GRANT SELECT ON pg_catalog.pg_authid TO " + asker);
            String role = roles.create("right");
            try (RunningProxy proxy = RunningProxy.before(
                    postgres,
                    "client_auth",
                    "scram",
                    "auth_user",
                    asker,
                    "auth_password",
                    "asks",
                    "auth_query_ttl",
                    "0")) {
                roles.alter(role, "VALID UNTIL '2999-01-01'");
                try (WireClient client = WireClient.login(proxy.host(), proxy.port(), database, role, "right")) {
                    assertThat(client.value("SELECT current_user")).isEqualTo(role);
                    for (String expired : new String[] {"2001-01-01", "-infinity"}) {
                        roles.alter(role, "VALID UNTIL '" + expired + "'");
                        assertThatThrownBy(() -> WireClient.login(proxy.host(), proxy.port(), database, role, "right"))
                                .isInstanceOf(LoginRefused.class)
                                .hasMessageContaining("E[28P01");
                    }
                    assertThat(client.value("SELECT current_user"))
                            .as("who is in stays")
                            .isEqualTo(role);
                }
                roles.alter(role, "VALID UNTIL 'infinity'");
                WireClient.login(proxy.host(), proxy.port(), database, role, "right")
                        .close();
            }
        }
    }

    /** PgBouncer: what a client set as search_path counted for the pooler's own statements. */
    @Test
    void cve_2025_12819_aClientsSearchPathIsNotThatOfPgweirsOwnStatements() throws Exception {
        try (RunningProxy proxy = RunningProxy.before(
                        postgres, "connection_limit", "1", "state_check", "always", "idle_check_interval", "1s");
                WireClient owner = login(proxy, postgres.superuser(), Map.of())) {
            owner.query("CREATE SCHEMA evil");
            owner.query("CREATE TABLE evil.trace (what text)");
            owner.query("GRANT ALL ON SCHEMA evil TO public; GRANT ALL ON evil.trace TO public");
            for (String name : new String[] {
                "pg_backend_pid()", "current_setting(text)", "pg_listening_channels()", "txid_current()"
            }) {
                owner.query("CREATE FUNCTION evil." + name + " RETURNS text LANGUAGE plpgsql AS $$ BEGIN"
                        + " INSERT INTO evil.trace VALUES ('called'); RETURN 'evil'; END $$");
            }
            for (String view : new String[] {
                "pg_locks", "pg_settings", "pg_cursors", "pg_prepared_statements", "pg_class", "pg_depend"
            }) {
                owner.query("CREATE FUNCTION evil.rows_of_" + view + "() RETURNS SETOF pg_catalog." + view
                        + " LANGUAGE plpgsql AS $$ BEGIN INSERT INTO evil.trace VALUES ('" + view
                        + "'); RETURN; END $$");
                owner.query("CREATE VIEW evil." + view + " AS SELECT * FROM evil.rows_of_" + view + "()");
            }
            String[] paths = {"evil, pg_catalog", "evil,pg_catalog,public"};
            for (String path : paths) {
                try (WireClient client = login(proxy, postgres.superuser(), Map.of("search_path", path))) {
                    client.query("SELECT 1");
                    client.query("DO $$ BEGIN PERFORM pg_catalog.set_config('app.x', '1', false); END $$");
                    client.query("SET app.y = 'z'");
                    client.query("SELECT pg_catalog.pg_advisory_lock(7)");
                    client.query("CREATE TEMP TABLE t (a int)");
                    client.query("DISCARD ALL");
                    client.query("SELECT 2");
                }
            }
            proxy.awaitQuiet();
            assertThat(owner.value("SELECT count(*) FROM evil.trace")).isEqualTo("0");
            try (WireClient client = login(proxy, postgres.superuser(), Map.of("search_path", "evil, pg_catalog"))) {
                client.query("SELECT current_setting('a'::text)"); // so that the trap works at all
            }
            assertThat(owner.value("SELECT count(*) FROM evil.trace")).isEqualTo("1");
            owner.query("DROP SCHEMA evil CASCADE");
        }
    }

    private static WireClient login(RunningProxy proxy, String user, Map<String, String> more) throws Exception {
        Map<String, String> startup = new java.util.HashMap<>(more);
        startup.put("user", user);
        startup.put("database", database);
        return WireClient.login(proxy.host(), proxy.port(), startup, null);
    }
}
