package io.pgweir.proxy.notify;

import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.metrics.PoolMetrics;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.pool.CheckoutFailure;
import io.pgweir.proxy.pool.Pool;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * LISTEN for all clients of one pool: one backend listens on every channel that somebody is in, as long as somebody is in
 * any, and what it is notified of goes to everybody in the channel, once and in the order of commits. If it is lost, another
 * takes its place, after a pause that grows while none can be had; then everybody is told that there was a gap.
 *
 * <p>{@link #join} and {@link #leave} may be called by any thread; what one thread asks for is done in its order. The rest
 * happens on one loop.
 */
public final class NotificationHub {
    private static final Logger LOG = LoggerFactory.getLogger(NotificationHub.class);
    private static final long FIRST_PAUSE_MILLIS = 50;
    private static final long LONGEST_PAUSE_MILLIS = 5_000;

    /** Channels in one command: a connection that comes back with many of them is not kept busy by one huge string. */
    private static final int MOST_IN_COMMAND = 500;

    private final Pool pool;
    private final LoopContext loop;
    private final PoolMetrics metrics;
    private final ListeningBackend backend;
    private final Channels channels;
    private final FanOut fanOut;

    /** What the backend listens on. */
    private final Set<String> heard = new HashSet<>();

    private final List<Join> joins = new ArrayList<>();

    /** In channels when the backend was lost, and not told yet. */
    private final Set<Subscriber> interrupted = new LinkedHashSet<>();

    private boolean changing;
    private boolean pausing;
    private long pauseMillis;

    private record Join(Subscriber subscriber, Set<String> names, JoinResult result) {}

    /**
     * @param source the pool that the listening backend comes from: {@code pool} itself, or one of its own
     * @param loops all loops
     */
    public NotificationHub(Pool pool, Pool source, List<LoopContext> loops) {
        this.pool = pool;
        this.loop = loops.get(Math.floorMod(pool.key().hashCode(), loops.size()));
        this.metrics = pool.metrics(loop);
        this.channels = new Channels(loops.size());
        this.fanOut = new FanOut(loops);
        this.backend = new ListeningBackend(source, source == pool, loop, new Events());
    }

    /**
     * Puts a subscriber into channels. PostgreSQL is asked even if it listens on them already: it gives what was committed
     * before ahead of its answer, so that the subscriber gets nothing older than its request. Any thread.
     */
    public void join(Subscriber subscriber, Set<String> names, JoinResult result) {
        loop.loop().execute(() -> {
            joins.add(new Join(subscriber, Set.copyOf(names), result));
            advance();
        });
    }

    /** Takes a subscriber out of channels, and takes back what it has asked for them. Any thread. */
    public void leave(Subscriber subscriber, Collection<String> names) {
        List<String> left = List.copyOf(names);
        loop.loop().execute(() -> {
            channels.leave(subscriber, left);
            if (!channels.subscribers().contains(subscriber)) {
                interrupted.remove(subscriber);
            }
            joins.removeIf(join -> join.subscriber == subscriber && !Collections.disjoint(join.names, left));
            advance();
        });
    }

    /** Takes the next step towards hearing what is asked for, if none is under way. */
    private void advance() {
        count();
        if (backend.isNone()) {
            if (isNeeded() && !pausing) {
                backend.acquire();
            }
            return;
        }
        if (!backend.isReady() || changing || pausing) {
            return;
        }
        if (!isNeeded()) {
            heard.clear();
            backend.giveBack();
            return;
        }
        List<Join> asking = new ArrayList<>();
        Set<String> listen = new LinkedHashSet<>();
        for (Iterator<Join> all = joins.iterator(); all.hasNext() && listen.size() < MOST_IN_COMMAND; ) {
            Join join = all.next();
            asking.add(join);
            listen.addAll(join.names);
        }
        addUpTo(listen, channels.names(), name -> !heard.contains(name));
        Set<String> unlisten = new LinkedHashSet<>();
        addUpTo(unlisten, heard, name -> channels.members(name) == null && !listen.contains(name));
        if (!listen.isEmpty() || !unlisten.isEmpty()) {
            changing = true;
            backend.change(listen, unlisten, error -> changed(asking, listen, unlisten, error));
        } else {
            pauseMillis = 0;
            tellInterrupted();
        }
    }

    private boolean isNeeded() {
        return !channels.isEmpty() || !joins.isEmpty();
    }

    private static void addUpTo(Set<String> names, Collection<String> from, Predicate<String> which) {
        for (Iterator<String> all = from.iterator(); all.hasNext() && names.size() < MOST_IN_COMMAND; ) {
            String name = all.next();
            if (which.test(name)) {
                names.add(name);
            }
        }
    }

    private void changed(List<Join> asking, Set<String> listen, Set<String> unlisten, @Nullable ErrorFields error) {
        changing = false;
        if (error != null) {
            refused(error);
            return;
        }
        heard.addAll(listen);
        heard.removeAll(unlisten);
        // What came before this answer is on its way to those who were members then.
        fanOut.flush();
        for (Join join : asking) {
            if (joins.remove(join)) {
                channels.join(join.subscriber, join.names);
                join.subscriber.loop().loop().execute(join.result::joined);
            }
        }
    }

    /** PostgreSQL does not listen, e.g. during recovery: those who have just asked are told; the rest is tried again. */
    private void refused(ErrorFields error) {
        LOG.warn("pool {}: LISTEN refused: {} {}", pool.key(), error.code(), error.message());
        failJoins(join -> join.result.refused(error));
        pause();
    }

    private void failJoins(Consumer<Join> how) {
        List<Join> failed = List.copyOf(joins);
        joins.clear();
        for (Join join : failed) {
            join.subscriber.loop().loop().execute(() -> how.accept(join));
        }
    }

    private void pause() {
        pausing = true;
        pauseMillis = Math.min(LONGEST_PAUSE_MILLIS, Math.max(FIRST_PAUSE_MILLIS, pauseMillis * 2));
        loop.loop()
                .schedule(
                        () -> {
                            pausing = false;
                            advance();
                        },
                        pauseMillis,
                        TimeUnit.MILLISECONDS);
    }

    /** Everything is heard again: who was listening in the meantime is told to look for itself. */
    private void tellInterrupted() {
        if (!interrupted.isEmpty()) {
            fanOut.add(null, channels.byLoop(interrupted));
            interrupted.clear();
            fanOut.flush();
        }
    }

    private void count() {
        metrics.listenChannels.set(channels.names().size());
        metrics.listenClients.set(channels.subscribers().size());
    }

    private final class Events implements ListeningBackend.Owner {
        @Override
        public void ready() {
            advance();
        }

        @Override
        public void notified(Notification notification) {
            Subscriber[][] members = channels.members(notification.channel());
            if (members != null) {
                fanOut.add(notification, members);
            }
        }

        @Override
        public void readDone() {
            fanOut.flush();
        }

        @Override
        public void unavailable(CheckoutFailure failure) {
            failJoins(join -> join.result.unavailable(failure));
            if (isNeeded()) {
                pause();
            }
        }

        @Override
        public void lost(String why) {
            LOG.warn("pool {}: the listening backend was lost: {}", pool.key(), why);
            fanOut.flush();
            changing = false;
            if (!heard.isEmpty()) {
                interrupted.addAll(channels.subscribers());
            }
            heard.clear();
            pause();
        }

        @Override
        public void returned() {
            advance();
        }
    }
}
