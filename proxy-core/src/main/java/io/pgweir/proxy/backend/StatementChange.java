package io.pgweir.proxy.backend;

import io.pgweir.protocol.wire.ErrorFields;
import org.jspecify.annotations.Nullable;

/**
 * A change of prepared statements that takes effect when its reply comes, and is taken back if PostgreSQL never gets to
 * it: after an error it skips everything up to Sync.
 */
public interface StatementChange {
    /** Its ParseComplete or CloseComplete has come. */
    default void completed() {}

    /** It failed or was skipped. Changes are taken back youngest first. */
    void takenBack();

    /** What the client is told instead of the error that PostgreSQL answers with; null: that error. */
    default @Nullable ErrorFields errorInstead() {
        return null;
    }
}
