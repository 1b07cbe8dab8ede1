package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.InternalReply;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A transaction that the client has begun and PostgreSQL does not know of yet: BEGIN and SET TRANSACTION have been
 * answered, and go out together with the first statement. Until then the client holds no backend.
 */
final class DeferredBegin {
    /** More than these are not deferred. */
    static final int MOST_STATEMENTS = 4;

    private final List<String> statements = new ArrayList<>(1);

    boolean hasRoom() {
        return statements.size() < MOST_STATEMENTS;
    }

    /** Remembers a Query's text. */
    void add(ByteBuf in, int at, int length) {
        statements.add(new String(ByteBufUtil.getBytes(in, at, length), StandardCharsets.UTF_8));
    }

    /** Sends what was deferred, in front of the statement that needs it. */
    void send(BackendConnection backend, InternalReply reply) {
        for (String statement : statements) {
            backend.sendInternalQuery(statement, reply);
        }
    }
}
