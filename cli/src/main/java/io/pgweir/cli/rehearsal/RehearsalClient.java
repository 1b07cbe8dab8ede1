package io.pgweir.cli.rehearsal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgweir.protocol.auth.ScramClient;
import io.pgweir.protocol.wire.FrontendWriter;
import io.pgweir.protocol.wire.ProtocolVersion;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A client of pgweir that does a little of everything. Blocking. */
final class RehearsalClient implements AutoCloseable {
    private static final String SELECT = "SELECT name, total FROM orders WHERE id = ";

    private final Socket socket;
    private final DataInputStream in;
    private final OutputStream out;
    private final ByteBuf request = Unpooled.buffer();

    RehearsalClient(InetSocketAddress address, String user, String password, String database) throws IOException {
        socket = new Socket(address.getAddress(), address.getPort());
        socket.setTcpNoDelay(true);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        out = socket.getOutputStream();
        FrontendWriter.startup(request, ProtocolVersion.V3_0, Map.of("user", user, "database", database));
        send();
        awaitReady(password);
    }

    /** {@code transactions} of each kind. */
    void work(int transactions) throws IOException {
        FrontendWriter.parse(request, "P_1", SELECT + "$1");
        FrontendWriter.sync(request);
        roundTrip();
        for (int i = 0; i < transactions; i++) {
            query(SELECT + i);
            FrontendWriter.parse(request, "", SELECT + "$1");
            execute("", i);
            execute("P_1", i);
        }
        for (int i = 0; i < transactions / 10; i++) {
            query("BEGIN");
            query("UPDATE orders SET total = total + 1 WHERE id = " + i);
            query("COMMIT");
        }
    }

    private void execute(String statement, int value) throws IOException {
        FrontendWriter.bind(request, "", statement, String.valueOf(value));
        FrontendWriter.describe(request, (byte) 'P', "");
        FrontendWriter.execute(request, "", 0);
        FrontendWriter.sync(request);
        roundTrip();
    }

    private void query(String sql) throws IOException {
        FrontendWriter.query(request, sql);
        roundTrip();
    }

    private void roundTrip() throws IOException {
        send();
        awaitReady("");
    }

    private void send() throws IOException {
        request.readBytes(out, request.readableBytes());
        request.clear();
    }

    private void awaitReady(String password) throws IOException {
        @Nullable ScramClient scram = null;
        while (true) {
            byte type = in.readByte();
            byte[] body = in.readNBytes(in.readInt() - 4);
            if (type == 'Z') {
                return;
            }
            if (type == 'E') {
                throw new IOException("pgweir answered with an error: " + new String(body, StandardCharsets.UTF_8));
            }
            if (type == 'R') {
                scram = answer(body, password, scram);
            }
        }
    }

    private @Nullable ScramClient answer(byte[] body, String password, @Nullable ScramClient scram) throws IOException {
        byte[] data = Arrays.copyOfRange(body, 4, body.length);
        switch (ByteBuffer.wrap(body).getInt()) {
            case 10 -> {
                ScramClient begun = new ScramClient(password);
                FrontendWriter.saslInitialResponse(request, ScramClient.MECHANISM, begun.first());
                send();
                return begun;
            }
            case 11 -> {
                FrontendWriter.saslResponse(
                        request, Objects.requireNonNull(scram).last(data));
                send();
            }
            case 12 -> Objects.requireNonNull(scram).verify(data);
            default -> {}
        }
        return scram;
    }

    @Override
    public void close() throws IOException {
        FrontendWriter.terminate(request);
        send();
        socket.close();
    }
}
