package io.pgweir.cli.rehearsal;

import io.pgweir.proxy.app.Proxy;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLConnection;
import java.util.List;

/**
 * A start, some work and an end of pgweir, with clients and a server of its own on the loopback address: what Java is to remember
 * when it makes a class data archive or an AOT cache. Takes a few seconds.
 */
public final class Rehearsal implements AutoCloseable {
    private static final String USER = "rehearsal";
    private static final int CLIENTS = 4;
    /** Enough for the first compiler, so that an AOT cache has profiles for the second. */
    private static final int TRANSACTIONS = 2_000;

    private final RehearsalServer server;
    private volatile boolean succeeded;

    public Rehearsal() throws IOException {
        server = new RehearsalServer();
    }

    /** Arguments of {@code pgweir run}. */
    public List<String> arguments() {
        return List.of(
                "--database-url=postgresql://" + USER + ":" + USER + "@127.0.0.1:" + server.port() + "/" + USER,
                "--listen=127.0.0.1:0",
                "--http=127.0.0.1:0",
                "--log-level=info");
    }

    /** Plays on another thread, and then stops the proxy. */
    public void play(Proxy proxy) {
        Thread player = new Thread(() -> perform(proxy), "pgweir-rehearsal");
        player.setDaemon(true);
        player.start();
    }

    private void perform(Proxy proxy) {
        try {
            InetSocketAddress http = proxy.httpAddress();
            for (int i = 0; i < CLIENTS; i++) {
                try (RehearsalClient client = new RehearsalClient(proxy.clientAddress(), USER, USER, USER)) {
                    client.work(TRANSACTIONS / CLIENTS);
                }
                if (http != null) {
                    get(http, "/health/ready");
                    get(http, "/health");
                    get(http, "/metrics");
                }
            }
            succeeded = true;
        } catch (IOException e) {
            System.err.println("pgweir: the rehearsal failed: " + e.getMessage());
        } finally {
            proxy.shutdown();
        }
    }

    private static void get(InetSocketAddress http, String path) throws IOException {
        URLConnection connection =
                URI.create("http://127.0.0.1:" + http.getPort() + path).toURL().openConnection();
        try (InputStream page = connection.getInputStream()) {
            page.readAllBytes();
        }
    }

    /** Whether it was played to its end. */
    public boolean hasSucceeded() {
        return succeeded;
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
