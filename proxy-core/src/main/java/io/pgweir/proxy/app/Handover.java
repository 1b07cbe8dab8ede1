package io.pgweir.proxy.app;

import io.pgweir.proxy.net.ListeningSocket;
import io.pgweir.proxy.session.Sessions;
import java.util.concurrent.TimeUnit;

/**
 * The end of a process beside another that takes its new clients, so that no connect and no statement
 * fails: what was connecting is accepted and served, who is idle is sent over, who is about to send is not disturbed. Blocks.
 */
final class Handover {
    /** A handshake that has begun with this socket ends with it; a lost packet is sent again after a second. */
    private static final long LINGER_NANOS = TimeUnit.MILLISECONDS.toNanos(1200);

    /** After this time a client that never pauses is closed behind an answer. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(4);

    /** Who sends nothing for so long, or up to twice as long, is idle: a login and its first statement are closer together. */
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final ListeningSocket listener;
    private final Sessions sessions;

    Handover(ListeningSocket listener, Sessions sessions) {
        this.listener = listener;
        this.sessions = sessions;
    }

    /**
     * Returns when every client has gone, with the listener closed.
     *
     * @param end when to return at the latest; {@link System#nanoTime}
     */
    void run(long end) throws InterruptedException {
        sessions.handOver();
        long begunAt = System.nanoTime();
        boolean listening = true;
        boolean patient = true;
        for (long now = begunAt, lookAt = now; ; now = System.nanoTime()) {
            boolean over = now - end >= 0;
            if (listening && (over || (now - begunAt >= LINGER_NANOS && !listener.isAwaited()))) {
                listener.close();
                listening = false;
            }
            if (over || (!listening && sessions.loggedIn() + sessions.loggingIn() == 0)) {
                return;
            }
            if (patient && now - begunAt >= PATIENCE_NANOS) {
                sessions.closeBehindAnswers();
                patient = false;
            }
            if (now - lookAt >= 0) {
                sessions.closeQuiet();
                lookAt = now + LOOK_NANOS;
            }
            Thread.sleep(20);
        }
    }
}
