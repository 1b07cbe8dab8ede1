package io.pgweir.proxy.ledger;

import io.pgweir.proxy.testkit.ServerMessage;
import java.util.List;
import java.util.Set;

/** What a client was told of its rows, and by that of how often they may be there. */
enum Told {
    /** They are there, once. */
    ACKNOWLEDGED,
    /** They are not there. */
    REFUSED,
    /** They are there once or not at all; of several that belong together, all or none. */
    UNKNOWN;

    /** No backend was to be had: the statement was sent nowhere. */
    private static final Set<String> SENT_NOWHERE = Set.of("57P03", "53300");

    private static final String QUERY_CANCELED = "57014";
    private static final String TRANSACTION_RESOLUTION_UNKNOWN = "08007";

    /**
     * Judges the answer to the last thing that a client sent for its rows.
     *
     * @param commits whether that was a COMMIT of its own. If so, 08007 alone leaves a doubt. Statements that are transactions of
     *     themselves may have run as soon as they were sent, so that a lost backend leaves one as well
     */
    static Told by(List<ServerMessage> answer, boolean commits) {
        List<ServerMessage> errors =
                answer.stream().filter(m -> m.type() == 'E').toList();
        if (errors.isEmpty()) {
            boolean rolledBack = answer.stream()
                    .anyMatch(m -> m.type() == 'C' && m.firstString().equals("ROLLBACK"));
            boolean idle = answer.get(answer.size() - 1).transactionState() == 'I';
            return idle && !rolledBack ? ACKNOWLEDGED : REFUSED;
        }
        boolean refused = errors.stream().allMatch(error -> commits ? !isUnknown(error) : isCertain(error));
        return refused ? REFUSED : UNKNOWN;
    }

    private static boolean isUnknown(ServerMessage error) {
        return TRANSACTION_RESOLUTION_UNKNOWN.equals(code(error));
    }

    private static boolean isCertain(ServerMessage error) {
        String code = code(error);
        boolean unconfirmed = String.valueOf(error.fields().get('D')).contains("may or may not have run");
        return SENT_NOWHERE.contains(code) || (QUERY_CANCELED.equals(code) && !unconfirmed);
    }

    static String code(ServerMessage error) {
        return String.valueOf(error.fields().get('C'));
    }
}
