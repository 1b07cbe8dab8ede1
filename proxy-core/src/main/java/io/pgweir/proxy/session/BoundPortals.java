package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.proxy.statistics.StatementTally;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which statements the portals of one client execute, as far as they are counted: the unnamed one, and named ones, those bound
 * last. On the session's loop.
 */
final class BoundPortals {
    private static final int MOST_NAMED = 64;

    private final Portal unnamed = new Portal();
    private @Nullable Map<String, Portal> named;

    /** One portal. */
    static final class Portal {
        private @Nullable StatementTally tally;
        private boolean executed;

        /** Where its statement counts; null if it is not known. */
        @Nullable
        StatementTally tally() {
            return tally;
        }

        /** It is executed; whether it has been before. */
        boolean executes() {
            boolean before = executed;
            executed = true;
            return before;
        }

        private void bound(@Nullable StatementTally to) {
            tally = to;
            executed = false;
        }
    }

    /** A Bind to the portal whose name lies at {@code name}. */
    void bind(ByteBuf in, int name, @Nullable StatementTally to) {
        if (in.getByte(name) == 0) {
            unnamed.bound(to);
            return;
        }
        Map<String, Portal> all = named;
        if (all == null) {
            named = all = new LinkedHashMap<>();
        }
        String key = key(in, name, in.writerIndex());
        all.remove(key);
        if (all.size() >= MOST_NAMED) {
            all.remove(all.keySet().iterator().next());
        }
        Portal portal = new Portal();
        portal.bound(to);
        all.put(key, portal);
    }

    /** The portal whose name begins at {@code name}, or null. */
    @Nullable
    Portal find(ByteBuf in, int name, int end) {
        if (name >= end) {
            return null;
        }
        if (in.getByte(name) == 0) {
            return unnamed;
        }
        return named == null ? null : named.get(key(in, name, end));
    }

    private static String key(ByteBuf in, int name, int end) {
        int zero = MessageText.terminator(in, name, end);
        return in.toString(name, Math.max(0, zero - name), StandardCharsets.ISO_8859_1);
    }

    /** Portals end with their transaction. */
    void forget() {
        unnamed.bound(null);
        named = null;
    }
}
