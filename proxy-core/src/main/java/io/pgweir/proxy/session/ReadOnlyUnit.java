package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgweir.protocol.sql.ReadOnlyStatement;
import io.pgweir.protocol.wire.FrameScanner;
import io.pgweir.protocol.wire.FrontendType;
import io.pgweir.proxy.backend.PreparedStatement;
import org.jspecify.annotations.Nullable;

/** Whether the messages of a unit run nothing but statements that only read. To be asked once, from the first to the last. */
final class ReadOnlyUnit implements UnitRecord.Test {
    private final ExtendedRelay extended;
    private final boolean standardStrings;
    private boolean parsed;

    ReadOnlyUnit(ExtendedRelay extended, boolean standardStrings) {
        this.extended = extended;
        this.standardStrings = standardStrings;
    }

    @Override
    public boolean passes(byte type, ByteBuf in, int at, int length) {
        int body = at + FrameScanner.HEADER;
        switch (type) {
            case FrontendType.QUERY:
                return readsOnly(in, body, at + length - 1);
            case FrontendType.PARSE:
                // With a name it would be taken when it comes again.
                parsed = in.getByte(body) == 0;
                return parsed && readsOnly(in, body + 1, end(in, body + 1, at + length));
            case FrontendType.BIND:
                return binds(in, body, at + length);
            case FrontendType.DESCRIBE, FrontendType.EXECUTE, FrontendType.SYNC:
                return true;
            default:
                return false;
        }
    }

    private boolean binds(ByteBuf in, int portal, int to) {
        if (in.getByte(portal) != 0) {
            return false;
        }
        int name = portal + 1;
        int nameEnd = end(in, name, to);
        if (nameEnd == name) {
            return parsed;
        }
        @Nullable PreparedStatement statement = extended.names.find(in, name, nameEnd - name);
        if (statement == null) {
            return false;
        }
        ByteBuf text = Unpooled.wrappedBuffer(statement.body());
        return readsOnly(text, 0, end(text, 0, text.readableBytes()));
    }

    private static int end(ByteBuf in, int from, int to) {
        int zero = in.indexOf(from, to, (byte) 0);
        return zero < 0 ? from : zero;
    }

    private boolean readsOnly(ByteBuf text, int from, int to) {
        return ReadOnlyStatement.is(text, from, to, standardStrings);
    }
}
