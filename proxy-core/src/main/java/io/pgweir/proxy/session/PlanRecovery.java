package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.BackendWriter;
import io.pgweir.protocol.wire.ErrorField;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.SqlState;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.ErrorAction;
import io.pgweir.proxy.backend.PreparedStatement;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What becomes of errors about named statements, whose names on backends are ours and whose plans others share. */
final class PlanRecovery {
    // What PostgreSQL says of a statement whose rows have changed; drivers go by either.
    private static final String STALE = "0A000";
    private static final String STALE_ROUTINE = "RevalidateCachedQuery";

    private final ClientSession session;
    private final List<PreparedStatement> usedInUnit = new ArrayList<>(0);

    private boolean repeating;

    PlanRecovery(ClientSession session) {
        this.session = session;
    }

    /** A message that is being sent uses {@code statement}. */
    void uses(PreparedStatement statement) {
        usedInUnit.add(statement);
    }

    /** The last unit is sent again, unseen by the client. */
    void repeats() {
        repeating = true;
    }

    /** A unit has been answered. */
    void answered() {
        if (repeating) {
            repeating = false;
            session.metrics().planRetriesSucceeded.increment();
        }
    }

    /** Everything sent has been answered. */
    void unitEnded() {
        usedInUnit.clear();
    }

    /**
     * An error for one of this client's messages. If it only says that a backend has lost a statement or holds a plan that
     * does not fit any more, the statement is prepared anew, and the unit repeated if that is safe.
     *
     * @param unit what was sent, if nothing was sent behind it
     * @param names the client's names
     */
    ErrorAction errorForClient(
            BackendConnection backend, ErrorFields error, @Nullable UnitRecord unit, NamedStatements names) {
        if (repeating) {
            repeating = false;
            session.metrics().planRetriesFailed.increment();
        }
        String code = error.code();
        if (code == null || usedInUnit.isEmpty()) {
            return ErrorAction.FORWARD;
        }
        PreparedStatement named = statementIn(error.message());
        boolean lost = code.equals("26000") && named != null;
        boolean stale = code.equals(STALE) && STALE_ROUTINE.equals(error.routine());
        if (isOfAnOlderShape(error)) {
            usedInUnit.forEach(session.pool().statements()::retire);
            send(error.with(ErrorField.CODE, STALE)
                    .with(ErrorField.MESSAGE, "cached plan must not change result type")
                    .withRoutine(STALE_ROUTINE)
                    .withDetail(String.valueOf(error.message())));
            return ErrorAction.SUPPRESS;
        }
        if (lost) {
            backend.statements().forget(named);
        } else if (stale) {
            for (PreparedStatement statement : usedInUnit) {
                session.pool().statements().retire(statement);
                backend.statements().markStale(statement);
            }
        }
        if ((lost || stale) && unit != null && unit.mayReplay(stale)) {
            return ErrorAction.REPLAY;
        }
        return named != null && sendRenamed(error, named, names) ? ErrorAction.SUPPRESS : ErrorAction.FORWARD;
    }

    /** The statement that PostgreSQL names by our name for it, if any. */
    private @Nullable PreparedStatement statementIn(@Nullable String message) {
        if (message != null && message.contains(PreparedStatement.NAME_PREFIX)) {
            for (PreparedStatement statement : usedInUnit) {
                if (message.contains(quoted(statement))) {
                    return statement;
                }
            }
        }
        return null;
    }

    /** Puts the client's name of a statement where PostgreSQL wrote ours. */
    private boolean sendRenamed(ErrorFields error, PreparedStatement statement, NamedStatements names) {
        String name = names.nameOf(statement);
        String message = error.message();
        if (name == null || message == null) {
            return false;
        }
        String renamed = message.replace(quoted(statement), '"' + name + '"');
        send(error.with(ErrorField.MESSAGE, renamed));
        return true;
    }

    private void send(ErrorFields error) {
        BackendWriter.error(session.toClient().append(), error);
        session.replied();
    }

    /**
     * Whether a Bind counts on as many columns as a statement had when the client asked, and this backend has got to know it
     * later: on one connection PostgreSQL would have said that the old plan does not fit any more.
     */
    private static boolean isOfAnOlderShape(ErrorFields error) {
        return SqlState.PROTOCOL_VIOLATION.code().equals(error.code())
                && "PortalSetResultFormat".equals(error.routine());
    }

    private static String quoted(PreparedStatement statement) {
        return '"' + new String(statement.serverName(), StandardCharsets.US_ASCII) + '"';
    }
}
