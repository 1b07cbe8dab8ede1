package io.pgweir.proxy.pool;

import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.net.LoopContext;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Somebody on one loop who asks a pool for a backend once. Its methods may be called by any thread. */
final class TestClient extends Waiter {
    /** How a request ended. */
    record Outcome(
            @Nullable BackendConnection backend, @Nullable CheckoutFailure failure) {
        boolean isGranted() {
            return backend != null;
        }
    }

    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    private final AtomicInteger outcomes = new AtomicInteger();
    private volatile Consumer<BackendConnection> onGrant = backend -> {};

    TestClient(Pool pool, LoopContext loop) {
        super(pool, loop);
    }

    /** Runs on the loop, inside the grant. */
    TestClient onGrant(Consumer<BackendConnection> action) {
        onGrant = action;
        return this;
    }

    @Override
    protected void granted(BackendConnection backend) {
        if (!loop.loop().inEventLoop()) {
            throw new AssertionError("granted on another loop");
        }
        if (backend.owner() != loop.loop()) {
            throw new AssertionError("granted without the backend's ownership");
        }
        outcomes.incrementAndGet();
        onGrant.accept(backend);
        outcome.complete(new Outcome(backend, null));
    }

    @Override
    protected void failed(CheckoutFailure failure) {
        if (!loop.loop().inEventLoop()) {
            throw new AssertionError("failed on another loop");
        }
        outcomes.incrementAndGet();
        outcome.complete(new Outcome(null, failure));
    }

    /** Asks, and returns when the request is in the queue or answered. */
    TestClient ask() {
        onLoop(() -> pool.checkout(this, pool.settings().poolTimeout().toNanos()));
        return this;
    }

    TestClient ask(long timeoutNanos) {
        onLoop(() -> pool.checkout(this, timeoutNanos));
        return this;
    }

    boolean leave() {
        boolean[] left = new boolean[1];
        onLoop(() -> left[0] = pool.leave(this));
        return left[0];
    }

    /** Gives back what was granted. */
    void release() {
        BackendConnection backend = backend();
        onLoop(() -> pool.release(backend));
    }

    void discard() {
        BackendConnection backend = backend();
        onLoop(() -> pool.discard(backend));
    }

    boolean isAnswered() {
        return outcome.isDone();
    }

    /** Times that this client was told an outcome: never more than once. */
    int outcomes() {
        return outcomes.get();
    }

    Outcome outcome() {
        try {
            return outcome.get(20, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError("no outcome", e);
        }
    }

    BackendConnection backend() {
        Outcome end = outcome();
        if (end.backend() == null) {
            throw new AssertionError("no backend but " + end.failure());
        }
        return end.backend();
    }

    CheckoutFailure failure() {
        Outcome end = outcome();
        if (end.failure() == null) {
            throw new AssertionError("no failure but " + end.backend());
        }
        return end.failure();
    }

    private void onLoop(Runnable action) {
        try {
            loop.loop().submit(action).get(20, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }
}
