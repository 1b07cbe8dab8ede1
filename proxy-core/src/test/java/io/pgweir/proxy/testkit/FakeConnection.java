package io.pgweir.proxy.testkit;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The server's end of one connection to a {@link FakePostgres}, used by its script's thread. Reading past the peer's
 * departure throws {@link Ended}, which ends the script without failing the test.
 */
public final class FakeConnection implements AutoCloseable {

    private static final int CANCEL = 80877102;
    private static final int SSL = 80877103;
    private static final int GSSENC = 80877104;

    /** The other side is gone. */
    public static final class Ended extends IOException {
        private static final long serialVersionUID = 1;
    }

    /** A message from the client; its text form is the type and, for Q, P and p, the printable part of the body. */
    public record Message(char type, byte[] body) {
        @Override
        public String toString() {
            return switch (type) {
                case 'Q', 'P', 'p', 'B', 'D', 'C', 'E', 'f' ->
                    type + "["
                            + new String(body, StandardCharsets.UTF_8)
                                    .replaceAll("\\p{Cntrl}+", " ")
                                    .strip() + "]";
                default -> body.length == 0 ? String.valueOf(type) : type + "[" + body.length + " bytes]";
            };
        }
    }

    private final FakePostgres server;
    private final Socket socket;
    private final int number;
    private final DataInputStream in;
    private final List<Message> received = new CopyOnWriteArrayList<>();

    FakeConnection(FakePostgres server, Socket socket, int number) throws IOException {
        this.server = server;
        this.socket = socket;
        this.number = number;
        this.in = new DataInputStream(socket.getInputStream());
        socket.setTcpNoDelay(true);
    }

    /** 1 for the first connection that the server accepted, and so on. It is also the process ID that it announces. */
    public int number() {
        return number;
    }

    /** The startup parameters; encryption requests before them are refused with N. A cancel request ends the script. */
    public Map<String, String> startup() throws IOException {
        while (true) {
            byte[] packet = take(takeInt() - 4);
            ByteBuffer body = ByteBuffer.wrap(packet);
            int code = body.getInt();
            if (code == SSL || code == GSSENC) {
                send(new byte[] {'N'});
            } else if (code == CANCEL) {
                int pid = body.getInt();
                byte[] key = new byte[body.remaining()];
                body.get(key);
                server.cancelled(new FakePostgres.Cancel(pid, key));
                throw new Ended();
            } else {
                return parameters(packet);
            }
        }
    }

    /** AuthenticationOk, the parameters every driver wants, BackendKeyData and ReadyForQuery. */
    public void welcome() throws IOException {
        send(
                Backend.authenticationOk(),
                Backend.parameterStatus("server_version", "17.0"),
                Backend.parameterStatus("server_encoding", "UTF8"),
                Backend.parameterStatus("client_encoding", "UTF8"),
                Backend.parameterStatus("DateStyle", "ISO, MDY"),
                Backend.parameterStatus("TimeZone", "UTC"),
                Backend.parameterStatus("standard_conforming_strings", "on"),
                Backend.parameterStatus("integer_datetimes", "on"),
                Backend.backendKeyData(number, new byte[] {0, 0, 0, (byte) number}),
                Backend.readyForQuery('I'));
    }

    /** The next message, of whatever type. */
    public Message receive() throws IOException {
        char type = (char) take(1)[0];
        Message message = new Message(type, take(takeInt() - 4));
        received.add(message);
        return message;
    }

    /** The next message, which must be of this type. */
    public Message expect(char type) throws IOException {
        Message message = receive();
        if (message.type() != type) {
            throw new AssertionError("expected " + type + " but received " + message + ", after " + received);
        }
        return message;
    }

    /** Sends all messages in one write. */
    public void send(byte[]... messages) throws IOException {
        try {
            socket.getOutputStream().write(Frontend.join(messages));
        } catch (SocketException gone) {
            throw new Ended();
        }
    }

    /** See {@link FakePostgres#echoing()}. */
    public void echoUntilClosed() throws IOException {
        while (true) {
            Message message = receive();
            switch (message.type()) {
                case 'Q' -> {
                    String sql = new String(message.body(), 0, message.body().length - 1, StandardCharsets.UTF_8);
                    send(
                            Backend.rowDescription("echo"),
                            Backend.dataRow(sql),
                            Backend.commandComplete("SELECT 1"),
                            Backend.readyForQuery('I'));
                }
                case 'S' -> send(Backend.readyForQuery('I'));
                case 'X' -> throw new Ended();
                default -> {}
            }
        }
    }

    /** Reads and forgets until the peer closes. */
    public void awaitClosed() throws IOException {
        while (true) {
            take(1);
        }
    }

    /** What {@link #receive} has returned so far, in order. */
    public List<Message> received() {
        return List.copyOf(received);
    }

    public Socket socket() {
        return socket;
    }

    /** Closes with RST. */
    public void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private int takeInt() throws IOException {
        return ByteBuffer.wrap(take(4)).getInt();
    }

    private byte[] take(int count) throws IOException {
        if (count < 0) {
            throw new AssertionError("a message with a negative length, after " + received);
        }
        byte[] bytes = new byte[count];
        try {
            in.readFully(bytes);
        } catch (EOFException | SocketException gone) {
            throw new Ended();
        }
        return bytes;
    }

    private static Map<String, String> parameters(byte[] packet) {
        String[] words = new String(packet, 4, packet.length - 4, StandardCharsets.UTF_8).split("\0", -1);
        Map<String, String> parameters = new LinkedHashMap<>();
        for (int i = 0; i + 1 < words.length && !words[i].isEmpty(); i += 2) {
            parameters.put(words[i], words[i + 1]);
        }
        return parameters;
    }
}
