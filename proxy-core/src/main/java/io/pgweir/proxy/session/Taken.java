package io.pgweir.proxy.session;

/** Why a backend is taken from its client, and what is true of a request that it has not answered then. */
enum Taken {
    /** Something took too long, and cancelling it was of no use. */
    OVERDUE(
            "it was not answered, and neither was the request to cancel it",
            "The server has not answered the request to cancel it: the statement may or may not have run."),
    /** By an administrator. */
    KILLED(
            "it was closed before it had answered",
            "The backend was closed before it had answered: the statement may or may not have run.");

    private final String commit;
    private final String statement;

    Taken(String commit, String statement) {
        this.commit = commit;
        this.statement = statement;
    }

    /** Of a COMMIT, after a colon. */
    String unansweredCommit() {
        return commit;
    }

    /** Of a statement outside of a transaction, as DETAIL. */
    String unansweredStatement() {
        return statement;
    }
}
