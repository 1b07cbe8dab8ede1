package io.pgweir.benchmark;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgweir.protocol.wire.BackendWriter;
import io.pgweir.protocol.wire.ColumnDescription;
import io.pgweir.protocol.wire.FrontendType;
import io.pgweir.protocol.wire.ProtocolVersion;
import io.pgweir.protocol.wire.TransactionStatus;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Answers as PostgreSQL does, with one row to everything. After a connection's login it allocates nothing, so that what a
 * benchmark counts is not its own. One blocking thread per connection; ends with its connections.
 */
final class CannedServer implements AutoCloseable {
    private static final int STARTUP_HEADER = 8;
    private static final int HEADER = 5;

    private static final Map<String, String> PARAMETERS = Map.ofEntries(
            Map.entry("server_version", "17.0"),
            Map.entry("server_encoding", "UTF8"),
            Map.entry("client_encoding", "UTF8"),
            Map.entry("standard_conforming_strings", "on"),
            Map.entry("is_superuser", "on"),
            Map.entry("session_authorization", "bench"),
            Map.entry("DateStyle", "ISO, MDY"),
            Map.entry("IntervalStyle", "postgres"),
            Map.entry("TimeZone", "UTC"),
            Map.entry("integer_datetimes", "on"),
            Map.entry("default_transaction_read_only", "off"),
            Map.entry("in_hot_standby", "off"),
            Map.entry("search_path", "public"),
            Map.entry("application_name", ""));

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
        describeReply = bytes(out -> BackendWriter.rowDescription(out, List.of(ColumnDescription.text("a"))));
        executeReply = bytes(out -> {
            BackendWriter.dataRow(out, "1");
            BackendWriter.commandComplete(out, "SELECT 1");
        });
        ready = bytes(out -> BackendWriter.readyForQuery(out, TransactionStatus.IDLE));
        queryReply = bytes(
                out -> out.writeBytes(describeReply).writeBytes(executeReply).writeBytes(ready));
        parseReply = bytes(BackendWriter::parseComplete);
        bindReply = bytes(BackendWriter::bindComplete);
        closeReply = bytes(BackendWriter::closeComplete);
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

    private byte @Nullable [] replyTo(byte type) {
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
            if (in.getInt(4) != ProtocolVersion.SSL_REQUEST) {
                break;
            }
            in.clear();
            connection.write(ByteBuffer.wrap(new byte[] {'N'}));
        }
        in.clear();
        connection.write(ByteBuffer.wrap(bytes(out -> {
            BackendWriter.authenticationOk(out);
            PARAMETERS.forEach((name, value) -> BackendWriter.parameterStatus(out, name, value));
            BackendWriter.backendKeyData(out, 1, new byte[] {0, 0, 0, 2});
            out.writeBytes(ready);
        })));
    }

    private static byte[] bytes(Consumer<ByteBuf> writer) {
        ByteBuf out = Unpooled.buffer();
        writer.accept(out);
        byte[] bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
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
