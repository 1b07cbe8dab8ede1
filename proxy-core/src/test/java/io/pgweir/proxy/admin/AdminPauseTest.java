package io.pgweir.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Several administrators pause and resume at the same time. */
class AdminPauseTest {
    private static final RealPostgres POSTGRES = RealPostgres.get();
    private RunningProxy proxy;
    private Connection console;
    private WireClient admin;
    private WireClient client;

    @BeforeEach
    void open() throws Exception {
        proxy = RunningProxy.before(POSTGRES, Consoles.USERS);
        console = Consoles.open(proxy);
        admin = WireClient.login(proxy.host(), proxy.port(), "pgweir", "dba", null);
        client = login();
        client.query("BEGIN; SELECT 1"); // keeps a PAUSE from being complete
    }

    @AfterEach
    void close() throws Exception {
        client.close();
        admin.close();
        console.close();
        proxy.close();
    }

    private WireClient login() throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), "postgres", "postgres", null);
    }

    private boolean isPaused() throws SQLException {
        return Consoles.row(console, "SHOW DATABASES", row -> row.get("name").equals("postgres"))
                .get("paused")
                .equals("1");
    }

    @Test
    void whoCancelsAPauseOfAllLeavesThatOfAnother() throws Exception {
        try (WireClient other = WireClient.login(proxy.host(), proxy.port(), "pgweir", "dba", null)) {
            other.send(Frontend.query("PAUSE postgres"));
            await().until(this::isPaused);
            admin.send(Frontend.query("PAUSE"));
            await().until(() -> Consoles.rows(console, "SHOW STATE").toString().contains("{key=paused, value=yes}"));
            admin.cancel();
            assertThat(admin.readUntilReady().toString()).contains("57014");
            assertThat(isPaused()).isTrue();
            client.query("COMMIT");
            assertThat(other.readUntilReady().toString()).contains("PAUSE");
            Consoles.run(console, "RESUME postgres");
            assertThat(isPaused()).isFalse();
            assertThat(client.value("SELECT 1")).isEqualTo("1");
        }
    }

    @Test
    void aPauseThatAnotherEndsIsNoPause() throws Exception {
        admin.send(Frontend.query("PAUSE postgres"));
        await().until(this::isPaused);
        Consoles.run(console, "RESUME");
        assertThat(admin.readUntilReady().toString()).contains("55000 this pause was ended");
        client.query("COMMIT");
        assertThat(client.value("SELECT 1")).isEqualTo("1");
    }

    @Test
    void whatAPausedPoolCouldNotOpenBeforeSaysNothingOfReadiness() throws Exception {
        String url = "postgresql://postgres@" + POSTGRES.host() + ":" + POSTGRES.port() + "/no_such_database";
        try (RunningProxy other = RunningProxy.at(url, Consoles.USERS);
                Connection orders = Consoles.open(other)) {
            await().until(() -> ready(other) == 503
                    && other.pool("no_such_database", "postgres").failure() != null);
            Consoles.run(orders, "PAUSE");
            await().until(() -> ready(other) == 200);
        }
    }

    private static int ready(RunningProxy proxy) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(
                        "http://127.0.0.1:" + proxy.proxy().httpAddress().getPort() + "/health/ready"))
                .build();
        return HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .statusCode();
    }
}
