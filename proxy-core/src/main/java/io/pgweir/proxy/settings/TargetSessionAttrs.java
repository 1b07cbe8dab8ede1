package io.pgweir.proxy.settings;

/** What a server must be to be used, as libpq's parameter of this name has it (PostgreSQL manual, "Parameter Key Words"). */
public enum TargetSessionAttrs {
    /** Whatever it is. */
    ANY,
    /** Sessions may write: no standby, and {@code default_transaction_read_only} is off. */
    READ_WRITE,
    /** Sessions may not write: a standby, or {@code default_transaction_read_only} is on. */
    READ_ONLY,
    /** No standby. */
    PRIMARY,
    /** A standby. */
    STANDBY,
    /** A standby; if there is none, whatever there is. */
    PREFER_STANDBY;

    /** The value as people write it in flags, files and URLs. */
    public String text() {
        return Choices.text(this);
    }
}
