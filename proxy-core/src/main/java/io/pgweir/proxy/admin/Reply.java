package io.pgweir.proxy.admin;

import io.pgweir.protocol.wire.ErrorFields;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What a statement of the console comes to.
 *
 * @param rows in the order of the columns; String, Integer, Long, Double or null; none without columns
 * @param notices sent ahead of it
 */
record Reply(List<@Nullable Object[]> rows, List<ErrorFields> notices) {
    static final Reply DONE = new Reply(List.of(), List.of());

    static Reply of(List<@Nullable Object[]> rows) {
        return new Reply(rows, List.of());
    }

    static Reply notice(ErrorFields notice) {
        return new Reply(List.of(), List.of(notice));
    }

    CompletableFuture<Reply> now() {
        return CompletableFuture.completedFuture(this);
    }
}
