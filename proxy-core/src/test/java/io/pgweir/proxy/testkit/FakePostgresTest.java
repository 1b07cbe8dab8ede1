package io.pgweir.proxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class FakePostgresTest {

    @Test
    void aRealDriverTalksToTheEcho() throws Exception {
        try (FakePostgres fake = FakePostgres.echoing()) {
            String url = "jdbc:postgresql://" + fake.host() + ":" + fake.port()
                    + "/x?user=u&preferQueryMode=simple&assumeMinServerVersion=17";
            try (Connection connection = DriverManager.getConnection(url);
                    ResultSet rows = connection.createStatement().executeQuery("SELECT 'it'")) {
                assertThat(rows.next()).isTrue();
                assertThat(rows.getString("echo")).isEqualTo("SELECT 'it'");
            }
            assertThat(fake.accepted()).isEqualTo(1);
            Awaitility.await().until(() -> fake.open() == 0);
        }
    }

    @Test
    void aScriptSeesTheMessagesAndAnswersThem() throws IOException {
        FakePostgres.Script script = connection -> {
            assertThat(connection.startup()).containsEntry("user", "u").containsEntry("database", "d");
            connection.welcome();
            assertThat(connection.expect('P')).hasToString("P[s SELECT 1]");
            connection.expect('S');
            connection.send(Backend.parseComplete(), Backend.readyForQuery('T'));
            connection.awaitClosed();
        };
        try (FakePostgres fake = FakePostgres.start(script);
                WireClient client = login(fake)) {
            assertThat(client.exchange(Frontend.parse("s", "SELECT 1"), Frontend.sync()))
                    .isEqualTo("1 Z[T]");
        }
    }

    @Test
    void aWrongExpectationInAScriptFailsTheTest() throws IOException {
        FakePostgres fake = FakePostgres.start(connection -> {
            connection.startup();
            connection.welcome();
            connection.expect('Q');
        });
        try (WireClient client = login(fake)) {
            client.send(Frontend.sync());
            assertThat(client.readUntilClosed()).isEmpty();
        }
        assertThatThrownBy(fake::close)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("expected Q but received S");
    }

    @Test
    void refusingAnswersWithItsError() throws IOException {
        try (FakePostgres fake = FakePostgres.refusing("57P03", "the database system is starting up")) {
            assertThatThrownBy(() -> login(fake).close()).hasMessage("E[57P03 the database system is starting up]");
        }
    }

    @Test
    void silenceIsSilence() throws IOException {
        try (FakePostgres fake = FakePostgres.silent();
                WireClient client = WireClient.connect(fake.host(), fake.port())) {
            client.send(Frontend.sslRequest());
            assertThat(client.poll(Duration.ofMillis(100))).isNull();
        }
    }

    @Test
    void cancelRequestsAreRecorded() throws IOException {
        try (FakePostgres fake = FakePostgres.echoing();
                WireClient client = login(fake)) {
            client.cancel();
            assertThat(fake.cancels()).singleElement().satisfies(cancel -> {
                assertThat(cancel.pid()).isEqualTo(client.pid());
                assertThat(cancel.key()).isEqualTo(client.cancelKey());
            });
            assertThat(client.query("still here")).startsWith("T[echo] D[still here]");
        }
    }

    @Test
    void aDriverSeesAServerThatClosesInTheMiddle() throws IOException {
        FakePostgres.Script script = connection -> {
            connection.startup();
            connection.welcome();
            connection.expect('Q');
            connection.send(Backend.rowDescription("a"), new byte[] {'D', 0, 0});
        };
        try (FakePostgres fake = FakePostgres.start(script);
                WireClient client = login(fake)) {
            client.send(Frontend.query("SELECT"));
            assertThat(client.read()).hasToString("T[a]");
            assertThatThrownBy(client::read).hasMessage("closed by the server with 3 bytes of a message");
        }
    }

    @Test
    void errorsReachJdbcWithTheirState() throws IOException {
        try (FakePostgres fake = FakePostgres.refusing("53300", "too many")) {
            String url = "jdbc:postgresql://" + fake.host() + ":" + fake.port() + "/x?user=u";
            assertThatThrownBy(() -> DriverManager.getConnection(url).close())
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("53300"));
        }
    }

    private static WireClient login(FakePostgres fake) throws IOException {
        return WireClient.login(fake.host(), fake.port(), "d", "u", null);
    }
}
