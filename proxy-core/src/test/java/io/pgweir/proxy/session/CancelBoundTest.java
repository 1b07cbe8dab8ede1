package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Cancel requests that the server takes and never answers. */
class CancelBoundTest {
    private static final int CANCEL_LENGTH = 16;

    private final RealPostgres postgres = RealPostgres.get();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final List<Socket> cancels = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    @Test
    void aCancelThatIsNeverAnsweredIsGivenUpAndItsBackendIsNotUsedAgain() throws Exception {
        String database = postgres.createDatabase();
        try (ServerSocket server = new ServerSocket(0)) {
            String url = serve(server);
            try (RunningProxy proxy = RunningProxy.at(url, "connection_limit", "1");
                    WireClient client = WireClient.login(proxy.host(), proxy.port(), database, "postgres", null)) {
                String first = client.value("select pg_backend_pid()");
                client.send(Frontend.query("select pg_sleep(0.5)"));
                await().atMost(Duration.ofSeconds(5))
                        .until(() -> "1"
                                .equals(postgres.queryForString(
                                        "select count(*) from pg_stat_activity where state = 'active' and datname = '"
                                                + database + "'")));
                try (WireClient other = WireClient.connect(proxy.host(), proxy.port())) {
                    other.send(Frontend.cancelRequest(client.pid(), client.cancelKey()));
                    other.readUntilClosed();
                }
                await().atMost(Duration.ofSeconds(5)).until(() -> cancels.size() == 1);
                long begin = System.nanoTime();
                assertThat(client.readUntilReady().toString()).contains("SELECT 1");
                String second = client.value("select pg_backend_pid()");
                assertThat(second).isNotEqualTo(first);
                assertThat(Duration.ofNanos(System.nanoTime() - begin))
                        .isBetween(Duration.ofSeconds(3), Duration.ofSeconds(9));
            }
        }
    }

    @Test
    void aServerThatAnswersNeitherAStatementNorItsCancelIsDownForThoseWhoWait() throws Exception {
        String database = postgres.createDatabase();
        try (ServerSocket server = new ServerSocket(0)) {
            String url = serve(server);
            try (RunningProxy proxy = RunningProxy.at(
                            url, "connection_limit", "1", "statement_timeout", "200ms", "pool_timeout", "30s");
                    WireClient client = WireClient.login(proxy.host(), proxy.port(), database, "postgres", null);
                    WireClient waiter = WireClient.login(proxy.host(), proxy.port(), database, "postgres", null)) {
                client.send(Frontend.query("select pg_sleep(7)"));
                await().until(() -> cancels.size() == 1);
                waiter.send(Frontend.query("select 1"));
                assertThat(client.readUntilReady().toString()).contains("57014");
                long begin = System.nanoTime();
                assertThat(waiter.readUntilReady().toString())
                        .contains("57P03")
                        .contains("answers neither a statement nor the request to cancel it");
                assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(6));
                await().until(() -> waiter.query("select 1").contains("D[1]"));
            }
        }
    }

    /** Passes connections on to PostgreSQL, but swallows cancel requests. Returns where. */
    private String serve(ServerSocket server) {
        Thread acceptor = new Thread(() -> accept(server));
        acceptor.setDaemon(true);
        acceptor.start();
        return "postgresql://127.0.0.1:" + server.getLocalPort() + "/*";
    }

    private void accept(ServerSocket server) {
        try {
            while (true) {
                Socket client = server.accept();
                sockets.add(client);
                byte[] head = client.getInputStream().readNBytes(8);
                int length = (head[2] & 0xff) << 8 | head[3] & 0xff;
                boolean cancel = length == CANCEL_LENGTH && head[4] == 4 && (head[5] & 0xff) == 0xd2;
                if (cancel) {
                    cancels.add(client);
                    continue;
                }
                Socket target = new Socket(postgres.host(), postgres.port());
                sockets.add(target);
                target.getOutputStream().write(head);
                pump(client.getInputStream(), target);
                pump(target.getInputStream(), client);
            }
        } catch (IOException closed) {
            // the test is over
        }
    }

    private static void pump(InputStream in, Socket to) {
        Thread thread = new Thread(() -> {
            try (to;
                    OutputStream out = to.getOutputStream()) {
                in.transferTo(out);
            } catch (IOException closed) {
                // the test is over, or one side has gone
            }
        });
        thread.setDaemon(true);
        thread.start();
    }
}
