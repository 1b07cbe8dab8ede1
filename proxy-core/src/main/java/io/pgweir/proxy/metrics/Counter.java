package io.pgweir.proxy.metrics;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** Counts up. One thread adds; any thread reads a recent value. */
public final class Counter {
    private static final VarHandle VALUE;

    static {
        try {
            VALUE = MethodHandles.lookup().findVarHandle(Counter.class, "value", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private long value;

    /** Only the owner's thread. */
    public void increment() {
        VALUE.setOpaque(this, value + 1);
    }

    /** Only the owner's thread. */
    public void add(long count) {
        VALUE.setOpaque(this, value + count);
    }

    public long get() {
        return (long) VALUE.getOpaque(this);
    }
}
