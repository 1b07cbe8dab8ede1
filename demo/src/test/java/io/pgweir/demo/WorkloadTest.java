package io.pgweir.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The workload straight on the embedded server, so that what it finds later is the proxy's doing. */
class WorkloadTest {

    private static List<Path> before;
    private static EmbeddedServer server;

    @BeforeAll
    static void start() throws Exception {
        before = temporaryDirectories();
        server = EmbeddedServer.start();
        try (Connection connection = server.connect()) {
            SampleData.create(connection);
        }
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
        assertThat(temporaryDirectories()).isEqualTo(before);
        assertThatThrownBy(server::connect).isInstanceOf(SQLException.class);
    }

    @Test
    void manyClientsWorkWithoutErrors() {
        Statistics statistics = new Statistics();
        try (Workload workload = new Workload(url(), statistics)) {
            workload.start(10);
            Awaitility.await().until(() -> workload.connected() == 10 && statistics.statements() > 300);
        }
        assertThat(statistics.errors()).isZero();
        assertThat(statistics.takeSlowestMillis()).isLessThan(10_000);
    }

    @Test
    void aForeignAnswerIsNoticed() throws SQLException {
        try (Connection connection = server.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("UPDATE users SET email = 'someone else' WHERE id = 77");
            SampleClient client = new SampleClient(connection, 77, new Random(1), new Statistics());
            assertThatThrownBy(client::request).hasMessageContaining("not this client's own");
        }
    }

    @Test
    void nobodyElseOnTheMachineBecomesSuperuser() {
        assertThatThrownBy(() -> DriverManager.getConnection(url(), "postgres", "postgres")
                        .close())
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("28P01"));
    }

    private static String url() {
        return "jdbc:postgresql://127.0.0.1:" + server.port() + "/demo";
    }

    private static List<Path> temporaryDirectories() throws Exception {
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return files.filter(file -> file.getFileName().toString().startsWith("pgweir-demo-"))
                    .sorted()
                    .toList();
        }
    }
}
