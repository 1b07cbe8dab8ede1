package io.pgweir.proxy.pool;

import io.pgweir.proxy.breaker.BreakerListener;
import io.pgweir.proxy.breaker.BreakerState;
import io.pgweir.proxy.breaker.Transition;

/**
 * What a pool does when the breaker of one of its servers moves, whichever pool has moved it: later, on its own loops. The
 * other pool may hold its lock at the moment.
 */
final class OutageWatch implements BreakerListener {
    private final Pool pool;
    private final Growth growth;
    private final LoopPool[] parts;

    OutageWatch(Pool pool, Growth growth, LoopPool[] parts) {
        this.pool = pool;
        this.growth = growth;
        this.parts = parts;
    }

    @Override
    public void changed(Transition step) {
        if (step.to() == BreakerState.OPEN) {
            later(parts[0], growth::failIfHopeless);
        } else if (step.to() != BreakerState.HALF_OPEN) {
            for (LoopPool part : parts) {
                later(part, () -> {
                    growth.serverAnswers();
                    pool.serve(part);
                });
            }
        }
    }

    private static void later(LoopPool part, Runnable action) {
        if (!part.loop().loop().isShuttingDown()) {
            part.loop().loop().execute(action);
        }
    }
}
