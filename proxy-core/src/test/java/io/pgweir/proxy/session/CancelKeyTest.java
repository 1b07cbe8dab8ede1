package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.query;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.Backend;
import io.pgweir.proxy.testkit.FakePostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers whose cancel keys are not the usual four bytes. */
class CancelKeyTest {
    @ParameterizedTest
    @ValueSource(ints = {4, 32, 256})
    void aKeyOfAnyLengthIsSentBack(int length) throws Exception {
        byte[] key = new byte[length];
        Arrays.fill(key, (byte) 7);
        AtomicReference<FakePostgres> server = new AtomicReference<>();
        try (FakePostgres fake = FakePostgres.start(connection -> {
                    connection.startup();
                    connection.send(
                            Backend.authenticationOk(), Backend.backendKeyData(42, key), Backend.readyForQuery('I'));
                    connection.expect('Q');
                    await().until(() -> !server.get().cancels().isEmpty());
                    connection.send(Backend.errorResponse("ERROR", "57014", "canceled"), Backend.readyForQuery('I'));
                    connection.expect('X');
                });
                RunningProxy proxy =
                        RunningProxy.at("postgresql://127.0.0.1:" + fake.port() + "/*", "shuffle", "false");
                WireClient client = WireClient.login(proxy.host(), proxy.port(), "d", "u", null)) {
            server.set(fake);
            client.send(query("LONG"));
            await().until(() -> proxy.pool("d", "u").idle() == 0);
            client.cancel();
            assertThat(ServerMessage.transcript(client.readUntilReady())).isEqualTo("E[57014 canceled] Z[I]");
            assertThat(fake.cancels()).hasSize(1);
            assertThat(fake.cancels().get(0).pid()).isEqualTo(42);
            assertThat(fake.cancels().get(0).key()).isEqualTo(key);
        }
    }

    @Test
    void aServerWithoutAKeyServesAndIsNotAskedToCancel() throws Exception {
        AtomicReference<WireClient> asking = new AtomicReference<>();
        try (FakePostgres fake = FakePostgres.start(connection -> {
                    connection.startup();
                    connection.send(Backend.authenticationOk(), Backend.readyForQuery('I'));
                    connection.expect('Q');
                    asking.get().cancel();
                    connection.send(Backend.commandComplete("DONE"), Backend.readyForQuery('I'));
                    connection.expect('X');
                });
                RunningProxy proxy =
                        RunningProxy.at("postgresql://127.0.0.1:" + fake.port() + "/*", "shuffle", "false");
                WireClient client = WireClient.login(proxy.host(), proxy.port(), "d", "u", null)) {
            asking.set(client);
            assertThat(client.query("LONG")).isEqualTo("C[DONE] Z[I]");
            assertThat(fake.cancels()).isEmpty();
        }
    }
}
