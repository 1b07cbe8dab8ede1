package io.pgweir.proxy.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.settings.ConfigChange;
import io.pgweir.proxy.settings.ReloadReport;
import io.pgweir.proxy.testkit.WireClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whoever auth_query lets in when a reload changes how, or whether, it is asked. */
@Timeout(120)
class ReloadAuthQueryTest extends ReloadAccessHarness {
    @Test
    void theBreakerOfAFormerHostGoesWithTheConnectionThatAsked() throws Exception {
        try (Reloading pgweir = start(asking())) {
            pgweir.login("app", role, "right").close();
            pgweir.to(asking() + file.replace("$HOST", "$OTHER"));
            eventually(
                    "the former host is forgotten",
                    () -> assertThat(pgweir.proxy().proxy().pools().breakers().all())
                            .extracting(breaker -> breaker.server().host())
                            .containsExactly(Reloading.other(postgres.host())));
        }
    }

    @Test
    void aUserGoesFromTheConfigurationToTheDatabaseAndBack() throws Exception {
        try (Reloading pgweir = start(user("right"));
                WireClient client = pgweir.login("app", role, "right")) {
            assertThat(client.query("select 1")).endsWith("Z[I]");
            pgweir.to(asking() + file);
            servedAnew(pgweir, client); // nobody has brought anything else yet
            roles.alter(role, "PASSWORD 'other'");
            eventually(
                    "the change is seen",
                    () -> pgweir.login("app", role, "other").close());
            refused(pgweir, "right", "28P01");
            servedAnew(pgweir, client); // with the other one
            pgweir.to(user("right") + asking() + file);
            refused(pgweir, "other", "28P01");
            roles.alter(role, "PASSWORD 'right'");
            pgweir.login("app", role, "right").close();
            servedAnew(pgweir, client);
        }
    }

    @Test
    void whoCameByAuthQueryIsServedWhenItIsNotThereAnyMore() throws Exception {
        try (Reloading pgweir = start(asking())) {
            try (WireClient client = pgweir.login("app", role, "right")) {
                assertThat(client.query("select 1")).endsWith("Z[I]");
                pgweir.to(SOMEBODY + file);
                refused(pgweir, "right", "28P01");
                eventually(
                        "its connection has gone",
                        () -> assertThat(pgweir.proxy()
                                        .proxy()
                                        .pools()
                                        .authQueries()
                                        .pools())
                                .isEmpty());
                assertThat(roles.backends(asker)).isZero();
                servedAnew(pgweir, client);
            }
            eventually(
                    "the pool of the user has gone",
                    () -> assertThat(pgweir.proxy().proxy().pools().pools()).isEmpty());
        }
    }

    @Test
    void anotherQueryForgetsWhatTheFormerOneHasAnswered() throws Exception {
        try (Reloading pgweir = start(asking("auth_query_ttl: 1h"));
                WireClient client = pgweir.login("app", role, "right")) {
            assertThat(pgweir.to(asking("auth_query_ttl: 1h", NOBODY) + file).changes())
                    .extracting(ConfigChange::what)
                    .containsExactly("auth_query");
            refused(pgweir, "right", "28P01");
            assertThat(client.query("select 1")).as("who is in stays").endsWith("Z[I]");
            pgweir.to(asking("auth_query_ttl: 1h") + file);
            pgweir.login("app", role, "right").close();
            eventually(
                    "the former connections have gone",
                    () -> assertThat(roles.backends(asker)).isOne());
        }
    }

    @Test
    void aShorterTimeOfAnswersCountsAtOnceAndOtherSettingsForgetNothing() throws Exception {
        try (Reloading pgweir = start(asking("auth_query_ttl: 1h"));
                WireClient client = pgweir.login("app", role, "right")) {
            postgres.execute("ALTER ROLE " + role + " NOLOGIN");
            pgweir.to(asking("auth_query_ttl: 1h", "queue_limit: 9", "connection_limit: 7") + file);
            pgweir.login("app", role, "right").close(); // as far as pgweir knows
            pgweir.to(asking("auth_query_ttl: 1s") + file);
            eventually("the answer is too old", () -> refused(pgweir, "right", "28P01"));
            assertThat(client.query("select 1")).endsWith("Z[I]");
        }
    }

    @Test
    void theRoleThatAsksGetsAnotherPassword() throws Exception {
        try (Reloading pgweir = start(asking("auth_query_ttl: 0"));
                WireClient client = pgweir.login("app", role, "right")) {
            roles.alter(asker, "PASSWORD 'changed'");
            postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + asker + "'");
            eventually("it is refused", () -> refused(pgweir, "right", "57P03"));
            ReloadReport report = pgweir.to(asking("auth_query_ttl: 0").replace(": asks", ": changed") + file);
            assertThat(report.changes())
                    .extracting(ConfigChange::toString)
                    .singleElement()
                    .satisfies(line -> assertThat(line)
                            .startsWith("database app: auth_password *** -> changed")
                            .doesNotContain("asks"));
            pgweir.login("app", role, "right").close();
            assertThat(client.query("select 1")).endsWith("Z[I]");
        }
    }
}
