package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A database, a proxy before it, and a connection past it that notifies. */
abstract class ListenHarness {
    private static final String LISTENER = "pgweir listen";

    final RealPostgres postgres = RealPostgres.get();
    String database;
    RunningProxy proxy;
    Connection direct;

    @BeforeEach
    void open() throws Exception {
        database = postgres.createDatabase();
        direct = postgres.connect(database);
    }

    @AfterEach
    void close() throws Exception {
        proxy.close();
        direct.close();
        postgres.dropDatabase(database);
    }

    void start(String... settings) {
        proxy = RunningProxy.before(postgres, settings);
    }

    WireClient login() throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), database, "postgres", null);
    }

    void notifyDirectly(String channel, String payload) throws Exception {
        try (var statement = direct.prepareStatement("SELECT pg_notify(?, ?)")) {
            statement.setString(1, channel);
            statement.setString(2, payload);
            statement.execute();
        }
    }

    long directPid() throws Exception {
        try (Statement statement = direct.createStatement();
                ResultSet rows = statement.executeQuery("SELECT pg_backend_pid()")) {
            rows.next();
            return rows.getLong(1);
        }
    }

    /** The backends of the database that are pgweir's. */
    List<RealPostgres.Backend> backends() throws Exception {
        return postgres.backends(database).stream()
                .filter(backend -> !backend.applicationName().equals("testkit"))
                .toList();
    }

    List<RealPostgres.Backend> listeners() throws Exception {
        return backends().stream()
                .filter(backend -> backend.applicationName().equals(LISTENER))
                .toList();
    }

    void awaitNoListener() {
        await("the listening backend is given back")
                .untilAsserted(() -> assertThat(listeners()).isEmpty());
    }
}
