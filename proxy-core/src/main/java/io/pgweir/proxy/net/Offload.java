package io.pgweir.proxy.net;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.RejectedExecutionHandler;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Threads for what takes too long for an event loop. Four kinds that do not wait for each other: what strangers may ask for
 * must not delay a login to a server, and neither must a name server that does not answer. Idle threads end. Thread-safe.
 */
public final class Offload implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Offload.class);

    private static final int THREADS = 2;
    private static final int IDLE_SECONDS = 10;
    private static final long TELL_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** Handshakes of clients that may wait: what two threads do in a second or so. */
    public static final int MOST_HANDSHAKES = 2048;

    /** Passwords of clients that may wait to be checked: a millisecond or more each. */
    public static final int MOST_PROOFS = 1024;

    private final ThreadPoolExecutor clientHandshakes = threads(
            "pgweir-handshake",
            new ArrayBlockingQueue<>(MOST_HANDSHAKES),
            new Overload("closed", MOST_HANDSHAKES + " TLS handshakes wait for their turn"));
    private final ThreadPoolExecutor clientProofs = threads(
            "pgweir-proof",
            new ArrayBlockingQueue<>(MOST_PROOFS),
            new Overload("refused", MOST_PROOFS + " passwords wait to be checked"));
    private final ThreadPoolExecutor names = threads("pgweir-names", new LinkedBlockingQueue<>(), refusing());
    private final ThreadPoolExecutor work = threads("pgweir-offload", new LinkedBlockingQueue<>(), refusing());

    private static ThreadPoolExecutor threads(
            String name, BlockingQueue<Runnable> queue, RejectedExecutionHandler overload) {
        AtomicInteger number = new AtomicInteger();
        ThreadPoolExecutor executor = new ThreadPoolExecutor(
                THREADS,
                THREADS,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                queue,
                task -> {
                    Thread thread = new Thread(task, name + "-" + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                },
                overload);
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }

    private static RejectedExecutionHandler refusing() {
        return new ThreadPoolExecutor.AbortPolicy();
    }

    /** The slow steps of clients' TLS handshakes. Throws {@link RejectedExecutionException} if too many wait. */
    public Executor clientHandshakes() {
        return clientHandshakes;
    }

    /** Checks of clients' passwords. Throws {@link RejectedExecutionException} if too many wait. */
    public Executor clientProofs() {
        return clientProofs;
    }

    /** Look-ups of host names. */
    public Executor names() {
        return names;
    }

    /** Everything else: handshakes with servers, reading files, deriving keys of passwords. */
    public Executor work() {
        return work;
    }

    /** What waits is dropped, and nothing more is taken. */
    @Override
    public void close() {
        clientHandshakes.shutdownNow();
        clientProofs.shutdownNow();
        names.shutdownNow();
        work.shutdownNow();
    }

    /** Refuses, and tells it now and then. */
    private static final class Overload implements RejectedExecutionHandler {
        private final String what;
        private final String why;
        private final AtomicLong refused = new AtomicLong();
        private final AtomicLong toldAt = new AtomicLong(System.nanoTime() - TELL_NANOS);

        /**
         * @param what happens to clients
         * @param why the cause, in words
         */
        Overload(String what, String why) {
            this.what = what;
            this.why = why;
        }

        @Override
        public void rejectedExecution(Runnable task, ThreadPoolExecutor executor) {
            if (!executor.isShutdown()) {
                refused.incrementAndGet();
                long now = System.nanoTime();
                long before = toldAt.get();
                if (now - before >= TELL_NANOS && toldAt.compareAndSet(before, now)) {
                    LOG.warn(
                            "{} clients {}: {} already. Is somebody flooding this address?",
                            refused.getAndSet(0),
                            what,
                            why);
                }
            }
            throw new RejectedExecutionException(why);
        }
    }
}
