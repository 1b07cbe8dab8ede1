package io.pgweir.protocol.sql;

/**
 * One statement that changes what a session listens on, or that such a change may be undone or confirmed with.
 *
 * @param name the channel or savepoint, folded and cut as PostgreSQL does; empty for kinds without one
 */
public record ChannelAction(Kind kind, String name) {
    public enum Kind {
        LISTEN("LISTEN"),
        UNLISTEN("UNLISTEN"),
        UNLISTEN_ALL("UNLISTEN"),
        SAVEPOINT("SAVEPOINT"),
        RELEASE("RELEASE"),
        ROLLBACK_TO("ROLLBACK"),
        /** ROLLBACK or ABORT of the whole transaction, with any options. */
        ROLLBACK("ROLLBACK"),
        /** COMMIT or END, with any options. */
        COMMIT("COMMIT");

        private final String tag;

        Kind(String tag) {
            this.tag = tag;
        }

        /** The command tag PostgreSQL reports it with; a COMMIT of a failed transaction is reported as ROLLBACK. */
        public String tag() {
            return tag;
        }
    }
}
