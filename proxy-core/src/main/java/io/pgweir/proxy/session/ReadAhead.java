package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.FrameScanner;

/**
 * Bounds what is held of one client's messages: while it waits for a backend, and while a message that must be judged whole is
 * coming. On the session's loop.
 */
final class ReadAhead {
    /** While a client waits: enough for a pipeline, little enough for many clients. */
    static final int MOST = 256 << 10;

    /** A message that has come so far may be refused when memory is scarce: shorter ones are worth finishing. */
    private static final int LONG = 64 << 10;

    private final ClientSession session;
    private final BufferBudget budget;
    private final BufferShare share;

    ReadAhead(ClientSession session, BufferBudget budget) {
        this.session = session;
        this.budget = budget;
        this.share = budget.share();
    }

    /** The scanner has got or given something; may stop reading, or close the session. */
    void note(FrameScanner scanner) {
        int kept = scanner.keptBytes();
        boolean scarce = share.isScarceWith(kept);
        if (scanner.isPaused()) {
            if (kept > MOST || scarce) {
                session.autoRead(false);
            }
        } else if (scarce && kept > LONG) {
            session.closeWith(ClientError.BUFFERS_FULL.with(budget.held(), budget.most()));
        }
    }
}
