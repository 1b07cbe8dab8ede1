package io.pgweir.proxy.insight;

/**
 * Who has a backend, and what for, at one moment. Times are those of {@link System#nanoTime}.
 *
 * @param label who it is, for people: tag of the statement, label, application_name or address
 * @param statement the last statement
 * @param process what tells one process from another: address and name
 * @param client address and port
 * @param pid the server's process id
 * @param since when the state began
 * @param begunAt when the transaction began, or the client got the backend
 * @param kept what the client keeps the backend for between transactions, and the statement that it came from; or empty
 */
public record Holder(
        HoldState state,
        String label,
        StatementView statement,
        String process,
        String client,
        int pid,
        long since,
        long begunAt,
        String kept) {
    /** One that keeps it for nothing beyond its transaction. */
    public Holder(
            HoldState state,
            String label,
            StatementView statement,
            String process,
            String client,
            int pid,
            long since,
            long begunAt) {
        this(state, label, statement, process, client, pid, since, begunAt, "");
    }

    /** A backend that nobody has any more and that is not gone yet. */
    public static Holder closing(int pid, long since) {
        return new Holder(HoldState.RESETTING, "pgweir", StatementView.NONE, "", "none", pid, since, since);
    }
}
