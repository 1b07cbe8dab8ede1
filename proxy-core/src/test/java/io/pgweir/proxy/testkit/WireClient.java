package io.pgweir.proxy.testkit;

import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * A blocking client on a raw socket that sends what a test tells it and hides nothing that comes back. Every read has a
 * deadline ({@link #TIMEOUT} unless told), so that a test fails instead of hanging. Not for use by several threads at
 * once, except that one may send while another reads.
 */
public final class WireClient implements AutoCloseable {

    /** How long a read waits by default. */
    public static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final String host;
    private final int port;
    private final Socket socket;
    private final OutputStream out;
    private final Map<String, String> parameters = new LinkedHashMap<>();
    private byte[] unread = new byte[8192];
    private int from;
    private int to;
    private Duration timeout = TIMEOUT;
    private int pid;
    private byte[] cancelKey = new byte[0];

    private WireClient(String host, int port, Socket socket) throws IOException {
        this.host = host;
        this.port = port;
        this.socket = socket;
        this.out = socket.getOutputStream();
    }

    /** Connects and sends nothing yet. */
    public static WireClient connect(String host, int port) throws IOException {
        Socket socket = new Socket();
        socket.setTcpNoDelay(true);
        try {
            socket.connect(new InetSocketAddress(host, port), (int) TIMEOUT.toMillis());
        } catch (IOException e) {
            socket.close();
            throw e;
        }
        return new WireClient(host, port, socket);
    }

    /** Connects and asks for TLS, which the server must have; sends nothing else yet. */
    public static WireClient connectTls(String host, int port, SSLContext tls) throws IOException {
        WireClient plain = connect(host, port);
        char answer = plain.send(Frontend.sslRequest()).readByte();
        if (answer != 'S') {
            plain.close();
            throw new IOException("no TLS: " + answer);
        }
        return plain.encrypted(tls);
    }

    /** Connects and begins with the TLS handshake, offering these protocols (ALPN). */
    public static WireClient connectDirectTls(String host, int port, SSLContext tls, String... protocols)
            throws IOException {
        return connect(host, port).encrypted(tls, protocols);
    }

    /** The same connection after a TLS handshake, which may fail with an exception; this client is not to be used on. */
    public WireClient encrypted(SSLContext tls, String... protocols) throws IOException {
        SSLSocket wrapped = (SSLSocket) tls.getSocketFactory().createSocket(socket, host, port, true);
        try {
            SSLParameters parameters = wrapped.getSSLParameters();
            parameters.setApplicationProtocols(protocols);
            wrapped.setSSLParameters(parameters);
            wrapped.setSoTimeout((int) timeout.toMillis());
            wrapped.startHandshake();
            return new WireClient(host, port, wrapped).patient(timeout);
        } catch (IOException | RuntimeException e) {
            wrapped.close();
            throw e;
        }
    }

    /** Logs in on a connection that has been made, up to the first ReadyForQuery. */
    public WireClient logIn(String database, String user, @Nullable String password) throws IOException {
        send(Frontend.startup(0, Map.of("database", database, "user", user)));
        new WireLogin(this, user, password).run();
        return this;
    }

    /** Connects and logs in, up to the first ReadyForQuery. */
    public static WireClient login(String host, int port, String database, String user, @Nullable String password)
            throws IOException {
        return login(host, port, Map.of("database", database, "user", user), password);
    }

    /** Logs in with startup parameters of the caller's choice; {@code user} must be among them. */
    public static WireClient login(String host, int port, Map<String, String> startup, @Nullable String password)
            throws IOException {
        WireClient client = connect(host, port);
        try {
            client.send(Frontend.startup(0, startup));
            String user = startup.getOrDefault("user", "");
            new WireLogin(client, user, password).run();
            return client;
        } catch (IOException | RuntimeException e) {
            client.close();
            throw e;
        }
    }

    /** Sends all messages in one write. */
    public WireClient send(byte[]... messages) throws IOException {
        out.write(messages.length == 1 ? messages[0] : Frontend.join(messages));
        return this;
    }

    /**
     * Sends bytes in pieces that end before the given positions, each in a segment of its own as far as the network lets
     * a sender decide (TCP_NODELAY, one write per piece).
     */
    public WireClient sendCut(byte[] bytes, int... positions) throws IOException {
        int[] cuts = Arrays.stream(positions).sorted().toArray();
        int start = 0;
        for (int cut : cuts) {
            out.write(bytes, start, cut - start);
            start = cut;
        }
        out.write(bytes, start, bytes.length - start);
        return this;
    }

    /** Sends bytes in pieces of {@code size}. */
    public WireClient sendInPieces(byte[] bytes, int size) throws IOException {
        for (int start = 0; start < bytes.length; start += size) {
            out.write(bytes, start, Math.min(size, bytes.length - start));
        }
        return this;
    }

    /** Waits this long for each read and handshake from now on, rather than {@link #TIMEOUT}. */
    public WireClient patient(Duration timeout) {
        this.timeout = timeout;
        return this;
    }

    /** The next message. @throws SocketTimeoutException if none comes in time @throws EOFException if the server closed */
    public ServerMessage read() throws IOException {
        return read(timeout);
    }

    /** The next message; what has arrived of an incomplete one is kept for the next call when time runs out. */
    public ServerMessage read(Duration timeout) throws IOException {
        long deadline = System.nanoTime() + timeout.toNanos();
        fill(5, deadline);
        ByteBuffer header = ByteBuffer.wrap(unread, from, 5);
        char type = (char) header.get();
        int length = header.getInt();
        if (length < 4) {
            throw new IOException("message " + type + " with length " + length);
        }
        fill(length + 1, deadline);
        byte[] body = Arrays.copyOfRange(unread, from + 5, from + length + 1);
        from += length + 1;
        return new ServerMessage(type, body);
    }

    /** The next message, or null if none was complete within the time. */
    public @Nullable ServerMessage poll(Duration timeout) throws IOException {
        try {
            return read(timeout);
        } catch (SocketTimeoutException nothing) {
            return null;
        }
    }

    /** Whether something has arrived that has not been read. */
    public boolean hasUnread() throws IOException {
        return to > from || socket.getInputStream().available() > 0;
    }

    /** One bare byte, the answer to SSLRequest or GSSENCRequest. */
    public char readByte() throws IOException {
        fill(1, System.nanoTime() + timeout.toNanos());
        return (char) unread[from++];
    }

    /** All messages up to and including the next ReadyForQuery. */
    public List<ServerMessage> readUntilReady() throws IOException {
        return readUntil('Z');
    }

    /** All messages up to and including the next of a type. */
    public List<ServerMessage> readUntil(char type) throws IOException {
        List<ServerMessage> messages = new ArrayList<>();
        try {
            ServerMessage message;
            do {
                message = read();
                messages.add(message);
            } while (message.type() != type);
            return messages;
        } catch (EOFException closed) {
            EOFException told = new EOFException(closed.getMessage() + ", after " + ServerMessage.transcript(messages));
            told.initCause(closed);
            throw told;
        }
    }

    /** All messages until the server closes the connection. */
    public List<ServerMessage> readUntilClosed() throws IOException {
        List<ServerMessage> messages = new ArrayList<>();
        try {
            while (true) {
                messages.add(read());
            }
        } catch (EOFException closed) {
            return messages;
        }
    }

    /** Sends one simple query and gives the transcript of the answer: {@code T[?column?] D[1] C[SELECT 1] Z[I]}. */
    public String query(String sql) throws IOException {
        return exchange(Frontend.query(sql));
    }

    /** Sends messages that end in one ReadyForQuery and gives the transcript of the answer. */
    public String exchange(byte[]... messages) throws IOException {
        send(messages);
        return ServerMessage.transcript(readUntilReady());
    }

    /** The only value of the only row of a simple query; null if it is. */
    public @Nullable String value(String sql) throws IOException {
        send(Frontend.query(sql));
        List<ServerMessage> messages = readUntilReady();
        List<ServerMessage> rows =
                messages.stream().filter(message -> message.type() == 'D').toList();
        if (rows.size() != 1 || rows.get(0).values().size() != 1) {
            throw new IOException("not one value: " + ServerMessage.transcript(messages));
        }
        return rows.get(0).values().get(0);
    }

    /** Sends a CancelRequest with this client's key over a connection of its own and waits until that is closed. */
    public void cancel() throws IOException {
        try (WireClient other = connect(host, port)) {
            other.send(Frontend.cancelRequest(pid, cancelKey));
            other.readUntilClosed();
        }
    }

    /** Process ID of BackendKeyData. */
    public int pid() {
        return pid;
    }

    /** Key of BackendKeyData. */
    public byte[] cancelKey() {
        return cancelKey.clone();
    }

    /** Last value of every parameter that the server reported in a message read so far. */
    public Map<String, String> parameters() {
        return Map.copyOf(parameters);
    }

    public Socket socket() {
        return socket;
    }

    /** Closes with RST instead of FIN, as a killed process behind a lossy network does. */
    public void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /** Closes without Terminate; send that first where it matters. */
    @Override
    public void close() throws IOException {
        socket.close();
    }

    void remember(ServerMessage message) {
        ByteBuffer in = ByteBuffer.wrap(message.body());
        if (message.type() == 'K') {
            pid = in.getInt();
            cancelKey = new byte[in.remaining()];
            in.get(cancelKey);
        } else if (message.type() == 'S') {
            String text = message.toString();
            int equals = text.indexOf('=');
            parameters.put(text.substring(2, equals), text.substring(equals + 1, text.length() - 1));
        }
    }

    private void fill(int wanted, long deadline) throws IOException {
        if (unread.length - from < wanted) {
            unread = Arrays.copyOfRange(unread, from, from + Math.max(wanted, unread.length));
            to -= from;
            from = 0;
        }
        while (to - from < wanted) {
            long millis = (deadline - System.nanoTime()) / 1_000_000;
            if (millis <= 0) {
                throw new SocketTimeoutException("no complete message in time, " + (to - from) + " bytes of one");
            }
            socket.setSoTimeout((int) millis);
            int count = socket.getInputStream().read(unread, to, unread.length - to);
            if (count < 0) {
                throw new EOFException("closed by the server with " + (to - from) + " bytes of a message");
            }
            to += count;
        }
    }
}
