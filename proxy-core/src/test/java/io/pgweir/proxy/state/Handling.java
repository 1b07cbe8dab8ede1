package io.pgweir.proxy.state;

/** What becomes of a piece of state when the client's work is done. */
enum Handling {
    /** Whichever backend the client gets next has it, and no other client's work has. */
    REPLAYED("follows the client to every backend"),
    /** The client keeps its backend until the state is gone. */
    PINNED("keeps the client on its backend"),
    /** PostgreSQL itself leaves nothing of it, and the client's backend is free. */
    NOTHING_LEFT("nothing is left of it, as on PostgreSQL"),
    /** An exception: there is nothing left, but the client keeps its backend. */
    PINNED_FOR_NOTHING("nothing is left, but the client stays on its backend"),
    /** An exception: the client loses what PostgreSQL would have kept. */
    LOST("**lost**"),
    /** An exception to the rule that nobody sees it: the client loses it, and the next one on that backend finds it. */
    EXPOSED("**lost, and the next client on that backend may find it**"),
    /** An exception: refused with an error. */
    REFUSED("**refused**");

    private final String text;

    Handling(String text) {
        this.text = text;
    }

    String text() {
        return text;
    }
}
