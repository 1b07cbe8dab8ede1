package io.pgweir.benchmark;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgweir.protocol.wire.FrontendWriter;
import io.pgweir.protocol.wire.ProtocolVersion;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Map;

/** A client that runs one kind of transaction again and again, by blocking calls, and allocates nothing meanwhile. */
public final class CannedClient implements AutoCloseable {
    /** What a transaction is made of. */
    public enum Work {
        SIMPLE,
        EXTENDED,
        PREPARED
    }

    private static final String SQL = "SELECT abalance FROM pgbench_accounts WHERE aid = $1;";

    private final ByteBuffer request = ByteBuffer.allocateDirect(1024);
    private final ByteBuffer reply = ByteBuffer.allocateDirect(64 << 10);
    private final SocketChannel channel;
    private final int replyBytes;

    /** Logs in at a port of this machine, where {@code server} answers in the end. */
    CannedClient(int port, String database, CannedServer server, Work work) throws IOException {
        channel = SocketChannel.open(new InetSocketAddress("127.0.0.1", port));
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        ByteBuf out = Unpooled.buffer();
        FrontendWriter.startup(out, ProtocolVersion.V3_0, Map.of("user", "bench", "database", database));
        ask(out);
        if (work == Work.PREPARED) {
            FrontendWriter.parse(out, "P_0", SQL);
            FrontendWriter.sync(out);
            ask(out);
        }
        if (work == Work.SIMPLE) {
            FrontendWriter.query(out, SQL.replace("$1", "4711"));
            replyBytes = server.queryReplyBytes();
        } else {
            if (work == Work.EXTENDED) {
                FrontendWriter.parse(out, "", SQL);
            }
            FrontendWriter.bind(out, "", work == Work.PREPARED ? "P_0" : "", "4711");
            FrontendWriter.describe(out, (byte) 'P', "");
            FrontendWriter.execute(out, "", 0);
            FrontendWriter.sync(out);
            replyBytes = work == Work.PREPARED ? server.preparedReplyBytes() : server.extendedReplyBytes();
        }
        request.put(out.nioBuffer()).flip();
    }

    /** Sends what is in {@code out} and reads up to the first ReadyForQuery, which ends what was asked. */
    private void ask(ByteBuf out) throws IOException {
        channel.write(out.nioBuffer());
        out.clear();
        ByteBuffer in = ByteBuffer.allocate(64 << 10);
        do {
            if (channel.read(in) < 0) {
                throw new IOException("closed");
            }
        } while (in.position() < 6 || in.get(in.position() - 6) != 'Z' || in.get(in.position() - 5) != 0);
    }

    /** There and back. Returns the bytes of the reply. */
    int transaction() throws IOException {
        request.rewind();
        channel.write(request);
        reply.clear();
        do {
            if (channel.read(reply) < 0) {
                throw new IOException("closed");
            }
        } while (reply.position() < replyBytes);
        if (reply.position() > replyBytes) {
            throw new IOException("more than was expected");
        }
        return reply.position();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
