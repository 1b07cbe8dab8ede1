package io.pgweir.proxy.state;

import io.pgweir.proxy.state.DifferentialRun.Difference;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes a failing program small: drops halves, quarters, at last single exchanges, as long as what is left still fails. */
final class Minimiser {
    /** Runs a program; null if it does not fail. */
    interface Judge {
        @Nullable
        Difference judge(Program program) throws IOException;
    }

    private Minimiser() {}

    static Difference minimise(Difference failing, Judge judge) throws IOException {
        Difference smallest = failing;
        Difference plain = judge.judge(smallest.program().withoutStartup());
        if (plain != null) {
            smallest = plain;
        }
        for (int piece = Math.max(1, size(smallest) / 2); piece >= 1; piece /= 2) {
            boolean smaller = true;
            while (smaller) {
                smaller = false;
                for (int from = 0; from < size(smallest); ) {
                    List<Exchange> fewer = new ArrayList<>(smallest.program().exchanges());
                    fewer.subList(from, Math.min(from + piece, fewer.size())).clear();
                    Difference left = judge.judge(smallest.program().with(fewer));
                    if (left == null) {
                        from += piece;
                    } else {
                        smallest = left;
                        smaller = true;
                    }
                }
            }
        }
        return smallest;
    }

    private static int size(Difference difference) {
        return difference.program().exchanges().size();
    }
}
