package io.pgweir.cli.rehearsal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgweir.protocol.wire.BackendWriter;
import io.pgweir.protocol.wire.ColumnDescription;
import io.pgweir.protocol.wire.FrontendType;
import io.pgweir.protocol.wire.ProtocolVersion;
import io.pgweir.protocol.wire.TransactionStatus;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Map;

/** A stand-in for PostgreSQL on the loopback address that lets everybody in and answers everything with one row. */
final class RehearsalServer implements AutoCloseable {
    private static final int BACKLOG = 16;

    private static final Map<String, String> PARAMETERS = Map.ofEntries(
            Map.entry("server_version", "17.0"),
            Map.entry("server_encoding", "UTF8"),
            Map.entry("client_encoding", "UTF8"),
            Map.entry("standard_conforming_strings", "on"),
            Map.entry("is_superuser", "off"),
            Map.entry("session_authorization", "rehearsal"),
            Map.entry("DateStyle", "ISO, MDY"),
            Map.entry("IntervalStyle", "postgres"),
            Map.entry("TimeZone", "UTC"),
            Map.entry("integer_datetimes", "on"),
            Map.entry("in_hot_standby", "off"),
            Map.entry("default_transaction_read_only", "off"),
            Map.entry("search_path", "public"),
            Map.entry("application_name", ""));

    private final ServerSocket listener;

    RehearsalServer() throws IOException {
        listener = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    private void accept() {
        try {
            while (true) {
                Socket connection = listener.accept();
                start(() -> serve(connection));
            }
        } catch (IOException e) {
            // closed: the rehearsal is over
        }
    }

    private static void serve(Socket connection) {
        try (connection) {
            connection.setTcpNoDelay(true);
            DataInputStream in = new DataInputStream(connection.getInputStream());
            OutputStream out = connection.getOutputStream();
            if (!login(in, out)) {
                return;
            }
            ByteBuf reply = Unpooled.buffer();
            byte status = TransactionStatus.IDLE;
            while (true) {
                byte type = in.readByte();
                byte[] body = in.readNBytes(in.readInt() - 4);
                if (type == FrontendType.TERMINATE) {
                    return;
                }
                if (type == FrontendType.QUERY) {
                    status = statusAfter(body, status);
                }
                answer(type, reply, status);
                if (type == FrontendType.QUERY || type == FrontendType.SYNC) {
                    reply.readBytes(out, reply.readableBytes());
                    reply.clear();
                }
            }
        } catch (EOFException e) {
            // the peer has gone
        } catch (IOException e) {
            // so has this one
        }
    }

    private static byte statusAfter(byte[] query, byte status) {
        return switch (query.length == 0 ? 0 : query[0]) {
            case 'B' -> TransactionStatus.IN_TRANSACTION;
            case 'C', 'R' -> TransactionStatus.IDLE;
            default -> status;
        };
    }

    /** False if it was a request to cancel. */
    private static boolean login(DataInputStream in, OutputStream out) throws IOException {
        while (true) {
            int length = in.readInt();
            int code = in.readInt();
            in.readNBytes(length - 8);
            if (code == ProtocolVersion.SSL_REQUEST || code == ProtocolVersion.GSSENC_REQUEST) {
                out.write('N');
            } else if (ProtocolVersion.major(code) != 3) {
                return false;
            } else {
                break;
            }
        }
        ByteBuf reply = Unpooled.buffer();
        BackendWriter.authenticationOk(reply);
        PARAMETERS.forEach((name, value) -> BackendWriter.parameterStatus(reply, name, value));
        BackendWriter.backendKeyData(reply, 1, new byte[] {0, 0, 0, 1});
        BackendWriter.readyForQuery(reply, TransactionStatus.IDLE);
        reply.readBytes(out, reply.readableBytes());
        return true;
    }

    private static void answer(byte type, ByteBuf reply, byte status) {
        switch (type) {
            case FrontendType.PARSE -> BackendWriter.parseComplete(reply);
            case FrontendType.BIND -> BackendWriter.bindComplete(reply);
            case FrontendType.CLOSE -> BackendWriter.closeComplete(reply);
            case FrontendType.DESCRIBE -> BackendWriter.rowDescription(reply, List.of(ColumnDescription.text("a")));
            case FrontendType.EXECUTE -> row(reply);
            case FrontendType.SYNC -> BackendWriter.readyForQuery(reply, status);
            case FrontendType.QUERY -> {
                BackendWriter.rowDescription(reply, List.of(ColumnDescription.text("a")));
                row(reply);
                BackendWriter.readyForQuery(reply, status);
            }
            default -> {}
        }
    }

    private static void row(ByteBuf reply) {
        BackendWriter.dataRow(reply, "1");
        BackendWriter.commandComplete(reply, "SELECT 1");
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "pgweir-rehearsal");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
