package io.pgweir.proxy.metrics;

/** A number that goes up and down. One thread sets; any thread reads a recent value. */
public final class Gauge {
    private volatile long value;

    /** Only the owner's thread; not for the path of a query. */
    public void set(long next) {
        value = next;
    }

    public long get() {
        return value;
    }
}
