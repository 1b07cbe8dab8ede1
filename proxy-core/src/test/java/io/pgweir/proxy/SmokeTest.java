package io.pgweir.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import org.junit.jupiter.api.Test;

class SmokeTest {
    @Test
    void jdbcRunsThroughTheProxy() throws Exception {
        RealPostgres postgres = RealPostgres.get();
        String database = postgres.createDatabase();
        try (RunningProxy proxy = RunningProxy.before(postgres, "connection_limit", "2")) {
            for (int i = 0; i < 4; i++) {
                try (Connection connection = DriverManager.getConnection(proxy.jdbcUrl(database))) {
                    connection.setAutoCommit(false);
                    for (int k = 0; k < 20; k++) {
                        try (PreparedStatement statement = connection.prepareStatement("select ?::int + 1")) {
                            statement.setInt(1, k);
                            try (ResultSet rows = statement.executeQuery()) {
                                rows.next();
                                assertThat(rows.getInt(1)).isEqualTo(k + 1);
                            }
                        }
                        connection.commit();
                    }
                }
            }
            proxy.awaitQuiet();
        }
    }
}
