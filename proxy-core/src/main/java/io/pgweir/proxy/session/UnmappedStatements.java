package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.wire.FrameScanner;
import io.pgweir.protocol.wire.FrontendType;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.statistics.StatementTally;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What runs in session mode, for those who ask and for the statistics. Names are not followed there but for these: what becomes of
 * them beyond Parse is not known, so a statement may be taken for an earlier one of its name.
 */
final class UnmappedStatements {
    private static final int MOST_NAMES = 1000;

    private final ClientSession session;
    private boolean justParsed;
    private final Map<String, StatementTally> names = new HashMap<>(0);
    private @Nullable StatementTally unnamed;

    UnmappedStatements(ClientSession session) {
        this.session = session;
    }

    void note(BackendConnection backend, byte type, ByteBuf in, int at, MessageText text) {
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
        } else if (type == FrontendType.PARSE) {
            if (names.size() >= MOST_NAMES) {
                names.clear();
            }
            names.put(name(in, text), Objects.requireNonNull(executions.of(in, text.sqlAt(), text.sqlLimit())));
        } else if (type == FrontendType.BIND) {
            StatementTally tally = text.nameEnd() == text.nameAt() ? unnamed : names.get(name(in, text));
            executions.bind(in, at + FrameScanner.HEADER, tally);
        }
    }

    private static String name(ByteBuf in, MessageText text) {
        return in.toString(text.nameAt(), text.nameEnd() - text.nameAt(), StandardCharsets.ISO_8859_1);
    }
}
