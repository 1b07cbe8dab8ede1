package io.pgweir.proxy.drivers;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/** LISTEN with the PostgreSQL JDBC driver: more connections that listen than backends, where these are shared. */
@Timeout(60)
class PgjdbcNotificationTest {
    private static final RealPostgres POSTGRES = RealPostgres.get();
    private static final int LISTENERS = 8;
    private static final int SENT = 20;

    @ParameterizedTest
    @EnumSource
    void everyConnectionGetsEachNotificationOnceAndInOrder(Setup setup) throws Exception {
        String database = POSTGRES.createDatabase();
        List<Connection> listening = new ArrayList<>();
        try (RunningProxy proxy = setup.before(POSTGRES);
                Connection sender = DriverManager.getConnection(proxy.jdbcUrl(database))) {
            for (int i = 0; i < LISTENERS; i++) {
                Connection connection = DriverManager.getConnection(proxy.jdbcUrl(database) + "&prepareThreshold=1");
                listening.add(connection);
                connection.setAutoCommit(i % 2 == 0);
                run(connection, "LISTEN news");
            }
            for (int i = 0; i < SENT; i++) {
                run(sender, "NOTIFY news, 'hello " + i + "'");
            }
            List<String> expected =
                    IntStream.range(0, SENT).mapToObj(i -> "news hello " + i).toList();
            for (int i = 0; i < LISTENERS; i++) {
                assertThat(heard(listening.get(i), i % 4 < 2)).isEqualTo(expected);
            }
            assertThat(POSTGRES.backendsOf(database)).isLessThanOrEqualTo(setup.limit());
            run(listening.get(0), "UNLISTEN news");
            run(sender, "NOTIFY news, 'unheard'");
            assertThat(listening.get(2).unwrap(PGConnection.class).getNotifications(10_000))
                    .hasSize(1);
            run(listening.get(0), "SELECT 1");
            assertThat(listening.get(0).unwrap(PGConnection.class).getNotifications())
                    .isEmpty();
        } finally {
            for (Connection connection : listening) {
                connection.close();
            }
        }
        POSTGRES.dropDatabase(database);
    }

    private static void run(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
        if (!connection.getAutoCommit()) {
            connection.commit();
        }
    }

    /** An application waits for notifications, or finds them behind other work. */
    private static List<String> heard(Connection connection, boolean waits) throws SQLException {
        PGConnection driver = connection.unwrap(PGConnection.class);
        List<String> heard = new ArrayList<>();
        while (heard.size() < SENT) {
            PGNotification[] received;
            if (waits) {
                received = driver.getNotifications(10_000);
                assertThat(received).as("after %s", heard).isNotEmpty();
            } else {
                run(connection, "SELECT 1");
                received = driver.getNotifications();
            }
            for (PGNotification one : received) {
                heard.add(one.getName() + " " + one.getParameter());
            }
        }
        return heard;
    }
}
