package io.pgweir.proxy.ledger;

/** What can happen to a server and to the network in front of it. */
enum Fault {
    KILL_A_BACKEND(0),
    TERMINATE_ALL(0),
    IMMEDIATE_RESTART(0),
    RESET_ALL(0),
    /** A connection breaks at some byte of what it carries to the server. */
    CUT_REQUEST(0),
    CUT_REPLY(0),
    FREEZE(5_000),
    CLOSED_PORT(2_000),
    /** Nothing passes in one direction or both, and then everything, or the connections are reset. */
    DROPPED_PACKETS(5_000),
    FULL_SERVER(1_500);

    private final int longestMillis;

    Fault(int longestMillis) {
        this.longestMillis = longestMillis;
    }

    /** How long it may last; 0: it is over at once. */
    int longestMillis() {
        return longestMillis;
    }
}
