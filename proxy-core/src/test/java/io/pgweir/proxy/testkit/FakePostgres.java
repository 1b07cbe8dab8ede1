package io.pgweir.proxy.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;

/**
 * A server on a loopback port that does what a test scripts: one {@link Script} runs per connection, on a thread of its
 * own. It counts what arrives; cancel requests are recorded and closed without a script. A script that fails is
 * recorded too, and {@link #close()} throws it, so that a wrong expectation inside a script fails the test.
 */
public final class FakePostgres implements AutoCloseable {

    /** What the server does on one connection; the connection is closed when it returns. */
    public interface Script {
        void run(FakeConnection connection) throws Exception;
    }

    /** A CancelRequest that arrived. */
    public record Cancel(int pid, byte[] key) {}

    private final ServerSocket listener;
    private final Script script;
    private final AtomicInteger accepted = new AtomicInteger();
    private final Set<FakeConnection> open = ConcurrentHashMap.newKeySet();
    private final Queue<Cancel> cancels = new ConcurrentLinkedQueue<>();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

    private FakePostgres(Script script, ServerSocket listener) {
        this.script = script;
        this.listener = listener;
    }

    public static FakePostgres start(Script script) throws IOException {
        return start(script, new ServerSocket(0, 200, InetAddress.getLoopbackAddress()));
    }

    /** The same behind a TLS handshake that comes first (direct TLS). */
    public static FakePostgres startTls(SSLContext tls, Script script) throws IOException {
        SSLServerSocket listener = (SSLServerSocket)
                tls.getServerSocketFactory().createServerSocket(0, 200, InetAddress.getLoopbackAddress());
        SSLParameters parameters = listener.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {"postgresql"});
        listener.setSSLParameters(parameters);
        return start(script, listener);
    }

    private static FakePostgres start(Script script, ServerSocket listener) {
        FakePostgres server = new FakePostgres(script, listener);
        daemon("fake-postgres-accept", server::acceptAll);
        return server;
    }

    /** Logs everybody in and answers every Query with one row that repeats its text, and every Sync; ignores the rest. */
    public static FakePostgres echoing() throws IOException {
        return start(connection -> {
            connection.startup();
            connection.welcome();
            connection.echoUntilClosed();
        });
    }

    /** Answers every startup with a FATAL error. */
    public static FakePostgres refusing(String sqlState, String message) throws IOException {
        return start(connection -> {
            connection.startup();
            connection.send(Backend.errorResponse("FATAL", sqlState, message));
        });
    }

    /** Accepts and never says a word. */
    public static FakePostgres silent() throws IOException {
        return start(FakeConnection::awaitClosed);
    }

    public String host() {
        return listener.getInetAddress().getHostAddress();
    }

    public int port() {
        return listener.getLocalPort();
    }

    /** Connections accepted so far, cancel requests included. */
    public int accepted() {
        return accepted.get();
    }

    /** Connections that are open now and past their startup. */
    public int open() {
        return open.size();
    }

    public List<Cancel> cancels() {
        return List.copyOf(cancels);
    }

    /** Stops listening and closes every connection. @throws AssertionError if a script failed */
    @Override
    public void close() throws IOException {
        listener.close();
        for (FakeConnection connection : open) {
            connection.close();
        }
        Throwable failure = failures.peek();
        if (failure != null) {
            throw new AssertionError("a script of the fake server failed: " + failure, failure);
        }
    }

    void cancelled(Cancel cancel) {
        cancels.add(cancel);
    }

    private void acceptAll() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                int number = accepted.incrementAndGet();
                daemon("fake-postgres-" + number, () -> serve(socket, number));
            } catch (IOException e) {
                record(e);
            }
        }
    }

    private void serve(Socket socket, int number) {
        try (FakeConnection connection = new FakeConnection(this, socket, number)) {
            open.add(connection);
            try {
                script.run(connection);
            } catch (FakeConnection.Ended ended) {
                // The peer left, or it was a cancel request: nothing more to script.
            } catch (Exception | AssertionError e) {
                record(e); // before the connection closes, so that whoever sees the close sees the failure
            } finally {
                open.remove(connection);
            }
        } catch (IOException e) {
            record(e);
        }
    }

    private void record(Throwable failure) {
        if (!listener.isClosed()) {
            failures.add(failure);
        }
    }

    private static void daemon(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }
}
