package io.pgweir.proxy.breaker;

import io.pgweir.proxy.settings.HostChoice;
import io.pgweir.proxy.settings.HostPort;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The servers of one database at a time, and how each stands. Arrays, because looking through them allocates nothing. */
final class Members {
    final Breaker[] inOrder;
    final Standing[] standings;
    final HostChoice choice;

    private Members(Breaker[] inOrder, Standing[] standings, HostChoice choice) {
        this.inOrder = inOrder;
        this.standings = standings;
        this.choice = choice;
    }

    static Members of(List<Breaker> inOrder, HostChoice choice, Function<HostPort, Standing> standing) {
        return new Members(
                inOrder.toArray(Breaker[]::new),
                inOrder.stream()
                        .map(breaker -> standing.apply(breaker.server()))
                        .toArray(Standing[]::new),
                choice);
    }

    /** That of an address; null: it is none of these. */
    @Nullable
    Standing standing(HostPort address) {
        int i = index(address);
        return i < 0 ? null : standings[i];
    }

    /** Below 0: it is none of these. */
    int index(HostPort address) {
        for (int i = 0; i < inOrder.length; i++) {
            if (inOrder[i].server().equals(address)) {
                return i;
            }
        }
        return -1;
    }

    boolean uses(Breaker breaker) {
        for (Breaker one : inOrder) {
            if (one == breaker) {
                return true;
            }
        }
        return false;
    }
}
