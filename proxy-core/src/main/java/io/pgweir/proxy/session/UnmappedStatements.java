package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.pgweir.protocol.wire.FrameScanner;
import io.pgweir.protocol.wire.FrontendType;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.statistics.StatementTally;
import org.jspecify.annotations.Nullable;

/**
 * What runs in session mode, for those who ask and for the statistics. Names are not followed there but for these: what becomes of
 * them beyond Parse is not known, so a statement may be taken for an earlier one of its name.
 */
final class UnmappedStatements {
    private static final int MOST_NAMES = 1000;

    private final ClientSession session;
    private boolean justParsed;
    private @Nullable ClientStatements names;
    private @Nullable StatementTally unnamed;

    UnmappedStatements(ClientSession session) {
        this.session = session;
    }

    void note(BackendConnection backend, byte type, ByteBuf in, int at, int length, int available, MessageText text) {
        if (type == FrontendType.PARSE) {
            if (text.sqlAt() > 0) {
                backend.running().passing(in, text.sqlAt(), text.sqlLimit(), text.sqlEnd() >= 0);
            }
            justParsed = true;
        } else if (type == FrontendType.BIND) {
            if (!justParsed) {
                backend.running().clear();
            }
            justParsed = false;
        }
        Executions executions = session.lease().tenure.executions;
        if (!executions.isOn() || text.nameEnd() < 0) {
            return;
        }
        if (type == FrontendType.PARSE && text.nameEnd() == text.nameAt()) {
            unnamed = executions.of(in, text.sqlAt(), text.sqlLimit());
        } else if (type == FrontendType.PARSE && available == length && text.sqlEnd() >= 0) {
            keep(in, text, at + length);
        } else if (type == FrontendType.BIND) {
            StatementTally tally = text.nameEnd() == text.nameAt() ? unnamed : named(executions, in, text);
            executions.bind(in, at + FrameScanner.HEADER, tally);
        }
    }

    private void keep(ByteBuf in, MessageText text, int end) {
        ClientStatements known = names;
        if (known == null || known.size() >= MOST_NAMES) {
            names = known = new ClientStatements(MOST_NAMES);
        }
        byte[] name = ByteBufUtil.getBytes(in, text.nameAt(), text.nameEnd() - text.nameAt());
        known.put(name, session.pool().statements().unshared(in, text.sqlAt(), end - text.sqlAt()));
    }

    private @Nullable StatementTally named(Executions executions, ByteBuf in, MessageText text) {
        return names == null ? null : executions.of(names.get(in, text.nameAt(), text.nameEnd() - text.nameAt()));
    }
}
