package io.pgweir.proxy.admin;

import org.jspecify.annotations.Nullable;

/** What SHOW STATS counts by database: PgBouncer's columns in their order. Times are in microseconds. */
enum StatsFigure {
    SERVER_ASSIGNMENTS("server_assignment_count"),
    /** Times that a backend was given to a client: in transaction mode, transactions. */
    TRANSACTIONS("xact_count"),
    QUERIES("query_count"),
    RECEIVED("received"),
    SENT("sent"),
    TRANSACTION_TIME("xact_time", TRANSACTIONS),
    QUERY_TIME("query_time", QUERIES),
    WAIT_TIME("wait_time"),
    CLIENT_PARSES("client_parse_count"),
    SERVER_PARSES("server_parse_count"),
    BINDS("bind_count");

    final String column;

    /** What its average is taken over; null: seconds. */
    final @Nullable StatsFigure per;

    StatsFigure(String column) {
        this(column, null);
    }

    StatsFigure(String column, @Nullable StatsFigure per) {
        this.column = column;
        this.per = per;
    }
}
