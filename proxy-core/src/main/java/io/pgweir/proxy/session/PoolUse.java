package io.pgweir.proxy.session;

import io.pgweir.proxy.notify.NotificationHub;
import io.pgweir.proxy.pool.Pool;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** One client's use of a pool, which is there as long as it is used. Thread-safe. */
final class PoolUse {
    private final Pool pool;
    private final LoginProfiles profiles;
    private final @Nullable NotificationHub hub;
    private final Runnable onLeave;
    private final AtomicBoolean left = new AtomicBoolean();

    PoolUse(Pool pool, LoginProfiles profiles, @Nullable NotificationHub hub, Runnable onLeave) {
        this.pool = pool;
        this.profiles = profiles;
        this.hub = hub;
        this.onLeave = onLeave;
    }

    Pool pool() {
        return pool;
    }

    LoginProfiles profiles() {
        return profiles;
    }

    /** What multiplexes LISTEN in the pool; null: a client that listens keeps its backend. */
    @Nullable
    NotificationHub hub() {
        return hub;
    }

    /** The same, and {@code more} when it is left. */
    PoolUse and(Runnable more) {
        return new PoolUse(pool, profiles, hub, () -> {
            leave();
            more.run();
        });
    }

    /** The client needs it no more; counts once. */
    void leave() {
        if (left.compareAndSet(false, true)) {
            onLeave.run();
        }
    }
}
