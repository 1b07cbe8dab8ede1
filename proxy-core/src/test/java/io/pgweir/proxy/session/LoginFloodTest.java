package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.settings.TlsProviderChoice;
import io.pgweir.proxy.testkit.FakeConnection;
import io.pgweir.proxy.testkit.FakePostgres;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.TestCertificates;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Connections that do not log in, from one address and from many: 127.0.0.1 to 127.0.0.9, all of them this machine's. */
class LoginFloodTest {
    private static final byte[] STARTUP = Frontend.startup(0, Map.of("user", "app", "database", "shop"));

    private final List<Socket> silent = new ArrayList<>();
    private FakePostgres server;

    @BeforeEach
    void open() throws IOException {
        server = FakePostgres.echoing();
    }

    @AfterEach
    void close() throws IOException {
        for (Socket socket : silent) {
            socket.close();
        }
        server.close();
    }

    @Test
    void oneAddressCannotKeepOthersOut() throws IOException {
        try (RunningProxy proxy = proxy("max_unauthenticated", "20", "max_unauthenticated_per_address", "3")) {
            for (int i = 0; i < 3; i++) {
                open(proxy, "127.0.0.2");
            }
            awaitUnauthenticated(proxy, 3);
            assertThat(refusal(open(proxy, "127.0.0.2"))).contains("53300", "3 of 3 (max_unauthenticated_per_address)");
            assertThat(proxy.proxy().sessions().newcomers().refusedOfAddress()).isEqualTo(1);
            for (int i = 0; i < 10; i++) { // all of whom stay: what counts is who has not logged in
                silent.add(login(proxy).socket());
            }
            silent.remove(0).close();
            awaitUnauthenticated(proxy, 2);
            assertThat(isHeard(open(proxy, "127.0.0.2"))).isTrue();
        }
    }

    @Test
    void manyAddressesFillTheProxyAndNoMore() throws IOException {
        try (RunningProxy proxy = proxy("max_unauthenticated", "8", "max_unauthenticated_per_address", "2")) {
            try (WireClient before = login(proxy)) {
                for (int address = 2; address <= 5; address++) {
                    open(proxy, "127.0.0." + address);
                    open(proxy, "127.0.0." + address);
                }
                awaitUnauthenticated(proxy, 8);
                assertThat(refusal(open(proxy, "127.0.0.6"))).contains("53300", "8 of 8 (max_unauthenticated)");
                assertThat(before.value("SELECT 1")).isEqualTo("SELECT 1");
            }
        }
    }

    @Test
    void whoeverTakesTooLongMakesRoom() throws IOException {
        try (RunningProxy proxy = proxy("max_unauthenticated", "2", "client_login_timeout", "300ms")) {
            open(proxy, "127.0.0.2");
            open(proxy, "127.0.0.3").getOutputStream().write(0);
            awaitUnauthenticated(proxy, 2);
            awaitUnauthenticated(proxy, 0);
            login(proxy).close();
        }
    }

    @Test
    void whoHasNotProvedAnythingTakesNoPlaceOfAClient() throws IOException {
        try (RunningProxy proxy = RunningProxy.at(
                "postgresql://app:right@127.0.0.1:" + server.port() + "/shop",
                "client_auth",
                "scram",
                "max_clients",
                "1")) {
            for (int i = 0; i < 5; i++) {
                WireClient half = WireClient.connect(proxy.host(), proxy.port());
                silent.add(half.send(STARTUP).socket());
                assertThat(half.read()).hasToString("R[10]");
            }
            WireClient.login(proxy.host(), proxy.port(), "shop", "app", "right").close();
        }
    }

    @Test
    void whatStrangersSendIsBoundedInAllAndCostsNoOtherALogin() throws IOException {
        try (RunningProxy proxy = proxy("client_buffer_limit", "400000")) {
            LoginBuffers held = proxy.proxy().sessions().loginBuffers();
            byte[] most = Arrays.copyOf(new byte[] {0, 0, 39, 16}, 9_000); // of a startup packet of 10,000 bytes
            int heard = 0;
            Socket last = open(proxy, "127.0.0.2");
            while (isHeldMoreWith(last, most, held, held.most() / 2)) {
                heard++;
                last = open(proxy, "127.0.0.2");
            }
            assertThat(refusal(last)).contains("53200", "of 200000 bytes (half of client_buffer_limit)");
            assertThat(heard).isBetween(5, 12); // a buffer may be larger than what is in it
            assertThat(proxy.proxy().sessions().buffers().held()).isZero();
            assertThat(isHeldMoreWith(open(proxy, "127.0.0.3"), most, held, held.most()))
                    .as("another address has its own half")
                    .isTrue();
            login(proxy).close();
            closeAll(held);
        }
    }

    @ParameterizedTest
    @EnumSource
    void soAreTheirHandshakes(TlsProviderChoice provider, @TempDir Path directory) throws Exception {
        TestCertificates certificates = TestCertificates.in(directory);
        byte[] record = {0x16, 3, 1, 64, 0, 1, 0, 63, (byte) 252, 3, 3}; // of 16 KiB, as its only message
        byte[] begun = Arrays.copyOf(record, 9_000);
        try (RunningProxy proxy = proxyWithTls(provider, certificates)) {
            LoginBuffers held = proxy.proxy().sessions().loginBuffers();
            String[] protocols = Collections.nCopies(20, "p".repeat(250)).toArray(new String[21]);
            protocols[20] = "postgresql";
            try (WireClient client =
                    WireClient.connectDirectTls(proxy.host(), proxy.port(), certificates.context(null), protocols)) {
                await().until(() -> held.held() > 5_000);
                assertThat(client.send(STARTUP).read()).hasToString("R[0]");
                await("of one that is over nothing is held").until(() -> held.held() == 0);
            }
            for (int i = 0; i < 40; i++) {
                open(proxy, "127.0.0.2").getOutputStream().write(begun);
            }
            Newcomers newcomers = proxy.proxy().sessions().newcomers();
            await("each is held or closed")
                    .until(() -> newcomers.present() + closed() == silent.size()
                            && held.held() == (long) begun.length * newcomers.present());
            assertThat(newcomers.present()).isBetween(5, 11);
            WireClient.connectTls(proxy.host(), proxy.port(), certificates.context(null))
                    .logIn("shop", "app", null)
                    .close();
            closeAll(held);
        }
    }

    @ParameterizedTest
    @EnumSource
    void soAreRecordsThatAreNotWhole(TlsProviderChoice provider, @TempDir Path directory) throws Exception {
        TestCertificates certificates = TestCertificates.in(directory);
        byte[] begun = Arrays.copyOf(new byte[] {0x17, 3, 3, 64, 0}, 9_000); // of 16 KiB
        try (RunningProxy proxy = proxyWithTls(provider, certificates)) {
            LoginBuffers held = proxy.proxy().sessions().loginBuffers();
            while (held.refused() == 0) {
                assertThat(silent.size()).isLessThan(40);
                long before = held.held();
                WireClient plain = WireClient.connect(proxy.host(), proxy.port());
                assertThat(plain.send(Frontend.sslRequest()).readByte()).isEqualTo('S');
                silent.add(plain.encrypted(certificates.context(null)).socket());
                plain.send(begun);
                await().until(() -> held.held() >= before + begun.length || held.refused() > 0);
            }
            assertThat(silent.size()).isBetween(5, 12);
            assertThat(held.held()).isLessThan(held.most() / 2 + 2L * begun.length);
            login(proxy).close();
            closeAll(held);
        }
    }

    /** How many of those that say nothing have been closed, or been told something. */
    private int closed() throws IOException {
        int closed = 0;
        for (Socket socket : silent) {
            socket.setSoTimeout(1);
            try {
                socket.getInputStream().read();
                closed++;
            } catch (SocketTimeoutException open) {
                // it is waited for
            } catch (SocketException reset) {
                closed++;
            }
        }
        return closed;
    }

    @Test
    void whoHasLoggedInIsNoStrangerAnyMore() throws IOException {
        try (RunningProxy proxy = proxy();
                WireClient client = WireClient.connect(proxy.host(), proxy.port())) {
            client.send(Frontend.join(STARTUP, Frontend.query("SELECT '" + "x".repeat(30_000) + "'")));
            assertThat(client.readUntilReady().get(0)).hasToString("R[0]");
            await().until(() -> proxy.proxy().sessions().loginBuffers().held() == 0);
        }
    }

    @Test
    void whoHasProvedItselfIsOnlyNotReadFurtherWhileItWaits() throws Exception {
        CountDownLatch mayWelcome = new CountDownLatch(1);
        try (FakePostgres slow = FakePostgres.start(connection -> {
                    connection.startup();
                    awaited(mayWelcome);
                    connection.welcome();
                    connection.echoUntilClosed();
                });
                RunningProxy proxy = RunningProxy.at(
                        "postgresql://127.0.0.1:" + slow.port() + "/*",
                        "client_buffer_limit",
                        "10000",
                        "connect_timeout",
                        "60s");
                WireClient client = WireClient.connect(proxy.host(), proxy.port())) {
            LoginBuffers held = proxy.proxy().sessions().loginBuffers();
            client.send(STARTUP);
            await().until(() -> slow.accepted() == 1);
            String text = "x".repeat(50_000);
            client.send(Frontend.query(text));
            await().until(() -> held.held() > held.most());
            await().during(Duration.ofMillis(200))
                    .atMost(Duration.ofSeconds(2))
                    .until(() -> held.held() < text.length());
            mayWelcome.countDown();
            assertThat(ServerMessage.transcript(client.readUntilReady())).endsWith("Z[I]");
            assertThat(ServerMessage.transcript(client.readUntilReady())).contains(text);
            assertThat(held.held()).isZero();
        }
    }

    private static void awaited(CountDownLatch latch) throws FakeConnection.Ended {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new FakeConnection.Ended();
        }
    }

    @Test
    void aFloodIsToldInFewLines() throws Exception {
        try (RunningProxy proxy = proxy("max_unauthenticated", "2", "max_unauthenticated_per_address", "100");
                LogWatch log = new LogWatch()) {
            open(proxy, "127.0.0.2");
            open(proxy, "127.0.0.3");
            awaitUnauthenticated(proxy, 2);
            for (int i = 0; i < 300; i++) {
                open(proxy, "127.0.0.4");
            }
            await().until(() -> proxy.proxy().sessions().newcomers().refused() == 300);
            assertThat(log.lines()).hasSizeBetween(RefusalLog.MOST, 6 * RefusalLog.MOST);
            log.assertCalm();
        }
    }

    /** False: it has been told that it is not. */
    private static boolean isHeldMoreWith(Socket socket, byte[] bytes, LoginBuffers held, long most)
            throws IOException {
        long before = held.held();
        socket.getOutputStream().write(bytes);
        await().until(() -> socket.getInputStream().available() > 0 || held.held() > before && held.held() <= most);
        return socket.getInputStream().available() == 0;
    }

    private RunningProxy proxyWithTls(TlsProviderChoice provider, TestCertificates certificates) {
        TestCertificates.Issued own = certificates.server();
        return proxy(
                "client_buffer_limit", "400000",
                "tls_provider", provider.name(),
                "tls_cert", own.certificate().toString(),
                "tls_key", own.key().toString());
    }

    private void closeAll(LoginBuffers held) throws IOException {
        for (Socket socket : silent) {
            socket.close();
        }
        await("nothing is held of those that have gone").until(() -> held.held() == 0);
    }

    private RunningProxy proxy(String... settings) {
        return RunningProxy.at("postgresql://127.0.0.1:" + server.port() + "/*", settings);
    }

    private static void awaitUnauthenticated(RunningProxy proxy, int count) {
        await().until(() -> proxy.proxy().sessions().newcomers().present() == count);
    }

    private static WireClient login(RunningProxy proxy) throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), "shop", "app", null);
    }

    private Socket open(RunningProxy proxy, String from) throws IOException {
        Socket socket = new Socket();
        socket.bind(new InetSocketAddress(InetAddress.getByName(from), 0));
        socket.connect(new InetSocketAddress(proxy.host(), proxy.port()), 5000);
        silent.add(socket);
        return socket;
    }

    private static String refusal(Socket socket) throws IOException {
        socket.setSoTimeout(5000);
        String answer = new String(socket.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(answer).startsWith("E").contains("FATAL");
        return answer;
    }

    /** Whether the proxy waits for what this connection may say. */
    private static boolean isHeard(Socket socket) throws IOException {
        socket.setSoTimeout(200);
        try {
            return socket.getInputStream().read() >= 0;
        } catch (SocketTimeoutException silence) {
            return true;
        } catch (SocketException reset) {
            return false;
        }
    }
}
