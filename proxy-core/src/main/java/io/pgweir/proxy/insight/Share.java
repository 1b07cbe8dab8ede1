package io.pgweir.proxy.insight;

/**
 * What one kind of holder had of the pool's time.
 *
 * @param nanos connection time: nanoseconds times backends
 * @param meanAgeNanos how long the state had lasted, on average over that time
 */
public record Share(HoldState state, String label, long fingerprint, String text, long nanos, long meanAgeNanos) {
    boolean isOf(Holder holder) {
        return holder.state() == state
                && holder.statement().fingerprint() == fingerprint
                && holder.label().equals(label);
    }
}
