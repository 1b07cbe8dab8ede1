package io.pgweir.proxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.sql.Connection;
import java.sql.SQLException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RealPostgresTest {

    private final RealPostgres postgres = RealPostgres.get();

    @ParameterizedTest
    @EnumSource
    void everyRoleLogsInWithItsPassword(TestRole role) throws SQLException {
        try (Connection connection = postgres.connect("postgres", role.user(), role.password())) {
            assertThat(connection.getMetaData().getUserName()).isEqualTo(role.user());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SCRAM", "MD5", "PLAIN"})
    void aWrongPasswordIsRefused(TestRole role) {
        assumeThat(postgres.checksPasswords()).isTrue();
        assertThatThrownBy(
                        () -> postgres.connect("postgres", role.user(), "wrong").close())
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("28P01"));
    }

    @Test
    void trustAsksForNoPassword() throws SQLException {
        assumeThat(postgres.checksPasswords()).isTrue();
        try (Connection connection = postgres.connect("postgres", TestRole.TRUST.user(), null)) {
            assertThat(connection.isValid(1)).isTrue();
        }
    }

    @Test
    void aFreshDatabaseIsEmptyAndCountsItsBackends() throws SQLException {
        String database = postgres.createDatabase();
        try {
            assertThat(postgres.backendsOf(database)).isZero();
            try (Connection one = postgres.connect(database);
                    Connection two = postgres.connect(database, TestRole.TRUST.user(), TestRole.TRUST.password())) {
                assertThat(one.isValid(1) && two.isValid(1)).isTrue();
                assertThat(postgres.backends(database))
                        .extracting(RealPostgres.Backend::user)
                        .containsExactlyInAnyOrder(postgres.superuser(), TestRole.TRUST.user());
            }
            Awaitility.await().until(() -> postgres.backendsOf(database) == 0);
        } finally {
            postgres.dropDatabase(database);
        }
    }

    @Test
    void terminatedBackendsAreGone() throws SQLException {
        String database = postgres.createDatabase();
        try (Connection victim = postgres.connect(database)) {
            assertThat(postgres.terminateAll(database)).isEqualTo(1);
            Awaitility.await().until(() -> postgres.backendsOf(database) == 0);
            assertThat(victim.isValid(1)).isFalse();
        } finally {
            postgres.dropDatabase(database);
        }
    }

    @Test
    void theServerTakesThreeHundredConnections() throws SQLException {
        assumeThat(postgres.describe()).doesNotStartWith("given");
        assertThat(postgres.queryForString("SHOW max_connections")).isEqualTo("300");
        assertThat(postgres.queryForString("SHOW fsync")).isEqualTo("off");
    }

    @Test
    void aGivenUrlIsTakenApart() {
        PostgresOrigin origin = PostgresOrigin.given("postgresql://admin:pw@db.example:5433/postgres");
        assertThat(origin)
                .isEqualTo(new PostgresOrigin(
                        "given by PGWEIR_TEST_DATABASE_URL", "db.example", 5433, "admin", "pw", false));
        assertThat(PostgresOrigin.given("postgres://h/x").port()).isEqualTo(5432);
    }
}
