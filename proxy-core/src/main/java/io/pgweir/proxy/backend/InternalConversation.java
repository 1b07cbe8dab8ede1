package io.pgweir.proxy.backend;

import io.pgweir.protocol.wire.FrontendWriter;
import io.pgweir.proxy.net.Outbound;

/** Writes an extended-protocol conversation of pgweir's own; every reply to it is swallowed. End with {@link #sync}. */
public final class InternalConversation {
    private final Outbound out;
    private final ReplyReader replies;

    InternalConversation(Outbound out, ReplyReader replies) {
        this.out = out;
        this.replies = replies;
    }

    /** Runs {@code sql} with text parameters. */
    public InternalConversation execute(String sql, String... parameters) {
        FrontendWriter.parse(out.append(), "", sql);
        FrontendWriter.bind(out.append(), "", "", parameters);
        FrontendWriter.execute(out.append(), "", 0);
        replies.expect((byte) (Reply.PARSE | Reply.SWALLOW));
        replies.expect((byte) (Reply.BIND | Reply.SWALLOW));
        replies.expect((byte) (Reply.EXECUTE | Reply.SWALLOW));
        return this;
    }

    /** Ends it. */
    public void sync() {
        FrontendWriter.sync(out.append());
        replies.expect((byte) (Reply.SYNC | Reply.SWALLOW));
    }
}
