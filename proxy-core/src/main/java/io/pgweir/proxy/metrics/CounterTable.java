package io.pgweir.proxy.metrics;

/** A counter for each value of an enum. One thread adds; any thread reads a recent value. */
public final class CounterTable<E extends Enum<E>> {
    private final Counter[] counters;

    public CounterTable(Class<E> keys) {
        counters = new Counter[keys.getEnumConstants().length];
        for (int i = 0; i < counters.length; i++) {
            counters[i] = new Counter();
        }
    }

    /** Only the owner's thread. */
    public void increment(E key) {
        counters[key.ordinal()].increment();
    }

    public long get(E key) {
        return counters[key.ordinal()].get();
    }
}
