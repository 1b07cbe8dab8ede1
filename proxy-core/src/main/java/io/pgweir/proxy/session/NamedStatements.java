package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.TransactionStatus;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.PreparedStatement;
import io.pgweir.proxy.backend.StatementChange;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a client that shares backends calls its prepared statements, and that a backend knows one by the time the message that
 * uses it arrives. Names are given and forgotten when their messages are sent, and that is taken back if PostgreSQL skips them;
 * with a backend or without. On the session's loop.
 */
final class NamedStatements {
    private final ClientSession session;
    private final PlanRecovery recovery;
    private final StatementSharing sharing;
    private @Nullable ClientStatements statements;

    /** @param recovery is told which statements are used */
    NamedStatements(ClientSession session, PlanRecovery recovery) {
        this.session = session;
        this.recovery = recovery;
        this.sharing = new StatementSharing(session);
    }

    // ---- giving names

    /** Sends a Parse that gives the name from {@code name} on, with a body of so many bytes behind it; or answers it. */
    void parse(BackendConnection backend, ByteBuf in, int name, int nameEnd, int bodyLength) {
        ClientStatements own = statements();
        PreparedStatement existing = own.get(in, name, nameEnd - name);
        if (existing != null) {
            PreparedStatement used = use(backend, existing, in, name, nameEnd - name);
            backend.statements().prepareTwice(Objects.requireNonNull(used), () -> {});
            return;
        }
        ErrorFields refusal = own.refusal(bodyLength);
        if (refusal != null) {
            backend.statements().refuse(refusal);
            return;
        }
        PreparedStatement statement = sharing.parsed(in, nameEnd + 1, bodyLength);
        StatementChange change = new GivenName(own, ByteBufUtil.getBytes(in, name, nameEnd - name), statement);
        recovery.uses(statement);
        if (backend.statements().has(statement)) {
            if (mustFail(backend, statement)) {
                backend.statements().prepareTwice(statement, change);
                return;
            }
            backend.ledger().makeParseComplete(change);
            session.replied();
        } else {
            backend.statements().prepareForClient(statement, change);
        }
    }

    private ClientStatements statements() {
        ClientStatements own = statements;
        if (own == null) {
            statements = own = sharing.names();
        }
        return own;
    }

    private static boolean mustFail(BackendConnection backend, PreparedStatement statement) {
        boolean failed =
                backend.status() == TransactionStatus.FAILED && backend.ledger().isEmpty();
        return failed && !statement.endsFailedTransaction();
    }

    /** Gives a statement its name without a backend; false if the name is taken, or the client has too many. */
    boolean give(ByteBuf in, int name, int nameEnd, int end) {
        ClientStatements own = statements();
        byte[] bytes = ByteBufUtil.getBytes(in, name, nameEnd - name);
        if (own.get(bytes) != null || own.refusal(end - (nameEnd + 1)) != null) {
            return false;
        }
        own.put(bytes, sharing.parsed(in, nameEnd + 1, end - (nameEnd + 1)));
        return true;
    }

    // ---- using them

    @Nullable
    PreparedStatement find(ByteBuf in, int name, int length) {
        return statements == null ? null : statements.get(in, name, length);
    }

    /** The statement of this name, prepared on {@code backend}; null if there is none. */
    @Nullable
    PreparedStatement use(BackendConnection backend, ByteBuf in, int name, int length) {
        return use(backend, find(in, name, length), in, name, length);
    }

    /** The same if it has been looked for already. @param named what {@link #find} has given */
    @Nullable
    PreparedStatement use(
            BackendConnection backend, @Nullable PreparedStatement named, ByteBuf in, int name, int length) {
        ClientStatements own = statements;
        if (own == null || named == null) {
            return null;
        }
        PreparedStatement statement = sharing.toUse(backend, named);
        if (statement != named) {
            own.put(ByteBufUtil.getBytes(in, name, length), statement);
        }
        backend.statements().prepare(statement);
        recovery.uses(statement);
        return statement;
    }

    /** The client's name of a statement, for error messages; null if it has none any more. */
    @Nullable
    String nameOf(PreparedStatement statement) {
        return statements == null ? null : statements.nameOf(statement);
    }

    // ---- forgetting them

    /** Forgets a name because of a Close; what takes that back, or null if there is no such name. */
    @Nullable
    StatementChange close(ByteBuf in, int name, int length) {
        ClientStatements own = statements;
        PreparedStatement statement = own == null ? null : own.get(in, name, length);
        if (own == null || statement == null) {
            return null;
        }
        byte[] bytes = ByteBufUtil.getBytes(in, name, length);
        own.remove(bytes);
        return () -> own.put(bytes, statement);
    }

    /** The name in a DEALLOCATE of one of these; else null. */
    @Nullable
    String deallocateTarget(ByteBuf in, int from, int to) {
        return statements == null ? null : statements.deallocateTarget(in, from, to);
    }

    /** Sends the Parse of a DEALLOCATE of one of these. @param parsed what comes of any Parse of its kind */
    StatementChange deallocate(BackendConnection backend, String target, StatementChange parsed) {
        return Deallocation.send(backend, Objects.requireNonNull(statements), target, parsed);
    }

    /** Forgets one name without a backend; false if there is no such statement. */
    boolean forget(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (statements == null || statements.get(bytes) == null) {
            return false;
        }
        statements.remove(bytes);
        return true;
    }

    void forgetAll() {
        if (statements != null) {
            statements.release();
        }
        statements = null;
    }
}
