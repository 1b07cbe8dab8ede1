package io.pgweir.proxy.admin;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A statement that the console has understood.
 *
 * @param columns of its result; none if it has no rows. Those of a row that are more than these are not sent
 * @param tag its command tag
 */
record Statement(List<Column> columns, String tag, Action action) {
    /** What it does. */
    interface Action {
        /**
         * Called on the caller's loop; may complete on any thread. Cancelled if the caller cancels.
         *
         * @throws ConsoleFailure as whoever completes it exceptionally
         */
        CompletableFuture<Reply> run(Caller caller);
    }
}
