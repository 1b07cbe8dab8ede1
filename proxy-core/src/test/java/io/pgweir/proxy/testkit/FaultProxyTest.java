package io.pgweir.proxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FaultProxyTest {

    private final RealPostgres postgres = RealPostgres.get();
    private FaultProxy proxy;

    @BeforeEach
    void open() throws IOException {
        proxy = FaultProxy.to(postgres.host(), postgres.port(), 42);
    }

    @AfterEach
    void close() throws IOException {
        proxy.close();
    }

    @Test
    void byDefaultEverythingPasses() throws IOException {
        try (WireClient client = login()) {
            assertThat(client.value("SELECT repeat('x', 1000000)")).hasSize(1_000_000);
        }
        assertThat(proxy.accepted()).isEqualTo(1);
        assertThat(proxy.toClient().passed()).isGreaterThan(1_000_000);
    }

    @Test
    void slicesChangeNothing() throws IOException {
        proxy.toServer().slice(1);
        proxy.toClient().slice(3);
        try (WireClient client = login()) {
            assertThat(client.query("SELECT repeat('x', 100)"))
                    .isEqualTo("T[repeat] D[" + "x".repeat(100) + "] C[SELECT 1] Z[I]");
        }
    }

    @Test
    void aDelayTakesItsTime() throws IOException {
        try (WireClient client = login()) {
            proxy.toServer().delay(Duration.ofMillis(150));
            long start = System.nanoTime();
            client.query("SELECT 1");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(150));
        }
    }

    @Test
    void aStallHoldsBytesBackUntilItIsOver() throws IOException {
        try (WireClient client = login()) {
            proxy.toClient().stall();
            client.send(Frontend.query("SELECT 1"));
            assertThat(client.poll(Duration.ofMillis(150))).isNull();
            proxy.toClient().resume();
            assertThat(ServerMessage.transcript(client.readUntilReady())).endsWith("D[1] C[SELECT 1] Z[I]");
        }
    }

    @Test
    void aCutComesExactlyAfterItsByte() throws IOException {
        try (FakePostgres fake = FakePostgres.echoing();
                FaultProxy cutter = FaultProxy.to(fake.host(), fake.port(), 1);
                WireClient client = WireClient.login(cutter.host(), cutter.port(), "d", "u", null)) {
            byte[] query = Frontend.query("SELECT 1");
            long before = cutter.toServer().passed();
            cutter.toServer().cutAfter(query.length - 1);
            client.send(query);
            assertThatThrownBy(client::read).isInstanceOfAny(EOFException.class, SocketException.class);
            assertThat(cutter.toServer().passed() - before).isEqualTo(query.length - 1);
        }
    }

    @Test
    void aCutAfterTheLastByteLetsTheMessageThrough() throws IOException {
        try (WireClient client = login()) {
            byte[] query = Frontend.query("SELECT 1");
            proxy.toServer().cutAfter(query.length);
            client.send(query);
            List<ServerMessage> answer = client.readUntilReady();
            assertThat(answer).hasSize(4);
            client.send(Frontend.sync());
            assertThatThrownBy(client::read).isInstanceOfAny(EOFException.class, SocketException.class);
        }
    }

    @Test
    void aResetReachesTheClient() throws IOException {
        try (WireClient client = login()) {
            proxy.resetAll();
            assertThatThrownBy(client::read).isInstanceOfAny(EOFException.class, SocketException.class);
        }
    }

    @Test
    void refusingResetsNewConnectionsOnly() throws IOException {
        try (WireClient client = login()) {
            proxy.refuse(true);
            assertThatThrownBy(() -> login().close()).isInstanceOf(IOException.class);
            assertThat(client.value("SELECT 1")).isEqualTo("1");
        }
    }

    private WireClient login() throws IOException {
        return WireClient.login(
                proxy.host(), proxy.port(), "postgres", postgres.superuser(), postgres.superuserPassword());
    }
}
