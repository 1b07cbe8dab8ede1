package io.pgweir.proxy.breaker;

/** Told of each step of a {@link Breaker}; on any thread. */
public interface BreakerListener {
    void changed(Transition step);
}
