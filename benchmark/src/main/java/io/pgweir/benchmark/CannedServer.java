package io.pgweir.benchmark;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgweir.protocol.wire.BackendType;
import io.pgweir.protocol.wire.FrontendType;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * Answers as PostgreSQL does, with one row to everything. After a connection's login it allocates nothing, so that what a
 * benchmark counts is not its own. One blocking thread per connection; ends with its connections.
 */
final class CannedServer implements AutoCloseable {
    private static final int STARTUP_HEADER = 8;
    private static final int HEADER = 5;
    private static final int SSL_REQUEST = 80877103;

    private final ServerSocketChannel listener;
    private final byte[] queryReply;
    private final byte[] parseReply;
    private final byte[] bindReply;
    private final byte[] describeReply;
    private final byte[] executeReply;
    private final byte[] closeReply;
    private final byte[] ready;

    CannedServer() throws IOException {
        listener = ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0));
        byte[] row = concat(message(BackendType.DATA_ROW, 0, 1, 0, 0, 0, 1, '1'));
        byte[] description = message(
                BackendType.ROW_DESCRIPTION,
                0,
                1,
                'a',
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                23,
                0,
                4,
                255,
                255,
                255,
                255,
                0,
                0);
        byte[] complete = message(BackendType.COMMAND_COMPLETE, 'S', 'E', 'L', 'E', 'C', 'T', ' ', '1', 0);
        ready = message(BackendType.READY_FOR_QUERY, 'I');
        queryReply = concat(description, row, complete, ready);
        parseReply = message(BackendType.PARSE_COMPLETE);
        bindReply = message(BackendType.BIND_COMPLETE);
        describeReply = description;
        executeReply = concat(row, complete);
        closeReply = message(BackendType.CLOSE_COMPLETE);
        start("canned-server", this::accept);
    }

    int port() {
        return listener.socket().getLocalPort();
    }

    /** What a client gets in answer to a Query, in bytes. */
    int queryReplyBytes() {
        return queryReply.length;
    }

    /** What a client gets in answer to Parse, Bind, Describe, Execute, Sync, in bytes. */
    int extendedReplyBytes() {
        return parseReply.length + preparedReplyBytes();
    }

    /** What a client gets in answer to Bind, Describe, Execute, Sync, in bytes. */
    int preparedReplyBytes() {
        return bindReply.length + describeReply.length + executeReply.length + ready.length;
    }

    private void accept() {
        try {
            while (true) {
                SocketChannel connection = listener.accept();
                start("canned-connection", () -> serve(connection));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void serve(SocketChannel connection) {
        try (connection) {
            connection.setOption(StandardSocketOptions.TCP_NODELAY, true);
            ByteBuffer in = ByteBuffer.allocateDirect(64 << 10);
            ByteBuffer out = ByteBuffer.allocateDirect(64 << 10);
            login(connection, in);
            while (connection.read(in) >= 0) {
                in.flip();
                while (in.remaining() >= HEADER && in.remaining() > in.getInt(in.position() + 1)) {
                    int at = in.position();
                    byte[] reply = replyTo(in.get(at));
                    if (reply == null) {
                        return;
                    }
                    out.put(reply);
                    in.position(at + 1 + in.getInt(at + 1));
                }
                in.compact();
                out.flip();
                while (out.hasRemaining()) {
                    connection.write(out);
                }
                out.clear();
            }
        } catch (IOException e) {
            // the peer has gone
        }
    }

    private byte[] replyTo(byte type) {
        return switch (type) {
            case FrontendType.QUERY -> queryReply;
            case FrontendType.PARSE -> parseReply;
            case FrontendType.BIND -> bindReply;
            case FrontendType.DESCRIBE -> describeReply;
            case FrontendType.EXECUTE -> executeReply;
            case FrontendType.CLOSE -> closeReply;
            case FrontendType.SYNC -> ready;
            default -> null;
        };
    }

    private void login(SocketChannel connection, ByteBuffer in) throws IOException {
        while (true) {
            while (in.position() < STARTUP_HEADER || in.position() < in.getInt(0)) {
                if (connection.read(in) < 0) {
                    throw new IOException("closed at login");
                }
            }
            if (in.getInt(4) != SSL_REQUEST) {
                break;
            }
            in.clear();
            connection.write(ByteBuffer.wrap(new byte[] {'N'}));
        }
        in.clear();
        connection.write(ByteBuffer.wrap(concat(
                message(BackendType.AUTHENTICATION, 0, 0, 0, 0),
                parameter("server_version", "17.0"),
                parameter("server_encoding", "UTF8"),
                parameter("client_encoding", "UTF8"),
                parameter("standard_conforming_strings", "on"),
                parameter("is_superuser", "on"),
                parameter("session_authorization", "bench"),
                parameter("DateStyle", "ISO, MDY"),
                parameter("IntervalStyle", "postgres"),
                parameter("TimeZone", "UTC"),
                parameter("integer_datetimes", "on"),
                parameter("default_transaction_read_only", "off"),
                parameter("in_hot_standby", "off"),
                parameter("search_path", "public"),
                parameter("application_name", ""),
                message(BackendType.BACKEND_KEY_DATA, 0, 0, 0, 1, 0, 0, 0, 2),
                ready)));
    }

    private static byte[] parameter(String name, String value) {
        byte[] text = (name + "\0" + value + "\0").getBytes(StandardCharsets.US_ASCII);
        int[] body = new int[text.length];
        for (int i = 0; i < body.length; i++) {
            body[i] = text[i];
        }
        return message(BackendType.PARAMETER_STATUS, body);
    }

    private static byte[] message(byte type, int... body) {
        ByteBuf out = Unpooled.buffer();
        out.writeByte(type).writeInt(body.length + 4);
        for (int value : body) {
            out.writeByte(value);
        }
        byte[] bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
        return bytes;
    }

    private static byte[] concat(byte[]... parts) {
        ByteBuf all = Unpooled.wrappedBuffer(parts);
        byte[] bytes = new byte[all.readableBytes()];
        all.readBytes(bytes);
        return bytes;
    }

    private static void start(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
