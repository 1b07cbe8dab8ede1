package io.pgweir.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.wire.BackendType;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Anything that a server may send for what it owes: the client gets whole messages, no more ReadyForQuery than it has asked for,
 * none that was for pgweir, and no buffer stays behind. Input: a byte for the length of the pieces, one for the number of requests, a
 * byte for each of these, then what the server sends.
 */
public final class BackendStreamFuzz {
    private BackendStreamFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length < 2) {
            return;
        }
        int piece = 1 + (input[0] & 0xff);
        int requests = Math.min(input[1] & 0x1f, input.length - 2);
        byte[] stream = Arrays.copyOfRange(input, 2 + requests, input.length);
        TestBackend backend = new TestBackend();
        try (backend) {
            int owed = 0;
            for (int i = 0; i < requests; i++) {
                owed += request(backend, input[2 + i]) ? 1 : 0;
            }
            backend.serverGot();
            for (int at = 0; at < stream.length; at += piece) {
                backend.serverSends(Arrays.copyOfRange(stream, at, Math.min(stream.length, at + piece)));
            }
            check(backend, backend.clientGot(), owed);
            backend.connection.lost(); // as when the channel closes
        }
        for (ByteBuf read : backend.reads()) {
            if (read.refCnt() != 0) {
                throw new AssertionError("a read is still held");
            }
        }
    }

    /** True if the client awaits a ReadyForQuery for it. */
    private static boolean request(TestBackend backend, byte which) {
        Ledger ledger = backend.connection.ledger();
        switch (which & 15) {
            case 0 -> ledger.expectQuery();
            case 1 -> ledger.expectQueryWithoutCopy(null);
            case 2 -> ledger.expectParse();
            case 3 -> ledger.expectBind();
            case 4 -> ledger.expectDescribe();
            case 5 -> ledger.expectExecute();
            case 6 -> ledger.expectClose();
            case 7 -> ledger.expectSync();
            case 8 -> ledger.expectFunction();
            case 9 -> backend.connection.statements().prepare(backend.statement("select " + (which >> 4)));
            case 10 -> ledger.makeParseComplete(() -> {});
            case 11 -> ledger.makeCloseComplete(null);
            case 12 -> backend.connection.sendInternalQuery("select", ignored -> {});
            case 13 -> ledger.copyEnd();
            case 14 -> ledger.expectParse(() -> {});
            default -> ledger.expectSwallowedClose();
        }
        int kind = which & 15;
        return kind == 0 || kind == 1 || kind == 7 || kind == 8;
    }

    private static void check(TestBackend backend, byte[] got, int owed) {
        ByteBuffer in = ByteBuffer.wrap(got);
        int ready = 0;
        while (in.remaining() >= 5) {
            byte type = in.get();
            int length = in.getInt() - 4;
            if (!BackendType.isKnown(type) || length < 0) {
                throw new AssertionError("the client got type " + type + " of length " + length);
            }
            ready += type == BackendType.READY_FOR_QUERY ? 1 : 0;
            if (length > in.remaining()) {
                break; // the rest has not come, or never will
            }
            in.position(in.position() + length);
        }
        if (ready > owed) {
            throw new AssertionError("the client got " + ready + " times ReadyForQuery, and asked for " + owed);
        }
        boolean settled = !backend.connection.isClosed() && backend.connection.isSettled();
        if (settled && in.hasRemaining()) {
            throw new AssertionError("the backend is free, and its client has part of a message");
        }
    }
}
