package io.pgweir.proxy.session;

import static io.pgweir.proxy.session.MessageText.terminator;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.pgweir.protocol.sql.StatementKind;
import io.pgweir.protocol.wire.BackendWriter;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.FrameScanner;
import io.pgweir.protocol.wire.FrontendType;
import io.pgweir.protocol.wire.Limits;
import io.pgweir.protocol.wire.ProtocolViolation;
import io.pgweir.protocol.wire.SqlState;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.ErrorAction;
import io.pgweir.proxy.backend.PreparedStatement;
import io.pgweir.proxy.backend.StatementChange;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Parse, Bind, Describe, Close of a client that shares backends: names of statements in them are the client's own
 * ({@link NamedStatements}), and go to a backend as those that it knows. In session mode they pass as they are.
 */
final class ExtendedRelay {
    /** A named Parse must be held whole to be known again; a longer one is refused. */
    static final int LONGEST_NAMED_PARSE = 16 << 20;

    /** Both names of a Bind must be within this many bytes. */
    static final int NAMES = 1024;

    private final ClientSession session;
    private final FrontendRelay relay;
    private final StatementEffects effects;
    private final UnnamedStatement unnamed = new UnnamedStatement();
    private final PlanRecovery recovery;
    private final UnmappedStatements unmapped;
    final NamedStatements names;

    ExtendedRelay(ClientSession session, FrontendRelay relay, StatementEffects effects) {
        this.session = session;
        this.relay = relay;
        this.effects = effects;
        this.recovery = new PlanRecovery(session);
        this.names = new NamedStatements(session, recovery);
        this.unmapped = new UnmappedStatements(session);
    }

    int required(byte type, ByteBuf in, int at, int length, int available) {
        switch (type) {
            case FrontendType.PARSE:
                if (available <= FrameScanner.HEADER) {
                    return FrameScanner.HEADER + 1;
                }
                boolean named = in.getByte(at + FrameScanner.HEADER) != 0;
                if (named && length > LONGEST_NAMED_PARSE) {
                    throw new ProtocolViolation(
                            SqlState.PROGRAM_LIMIT_EXCEEDED,
                            "a named statement of " + length + " bytes exceeds the limit of " + LONGEST_NAMED_PARSE);
                }
                return named ? length : Math.min(length, UnnamedStatement.MOST_REMEMBERED);
            case FrontendType.BIND:
                return Math.min(length, NAMES);
            default:
                return length;
        }
    }

    void message(BackendConnection backend, byte type, ByteBuf in, int at, int length, int available) {
        session.metrics().traffic.extended(type);
        if (session.mode() == io.pgweir.proxy.settings.PoolMode.SESSION) {
            unmapped.note(backend, type, in, at, relay.text());
            relay.forward(backend, at, available);
            expect(backend, type, in, at, available);
            return;
        }
        switch (type) {
            case FrontendType.PARSE -> parse(backend, in, at, length, available);
            case FrontendType.BIND -> {
                if (effects.guard().refusesBind(backend)) {
                    executions().bind(in, at + FrameScanner.HEADER, null);
                } else {
                    bind(backend, in, at, length, available);
                }
            }
            case FrontendType.DESCRIBE -> describe(backend, in, at, length);
            case FrontendType.CLOSE -> close(backend, in, at, length);
            default -> {
                relay.forward(backend, at, available);
                expect(backend, type, in, at, available);
            }
        }
    }

    private void expect(BackendConnection backend, byte type, ByteBuf in, int at, int available) {
        switch (type) {
            case FrontendType.PARSE -> backend.ledger().expectParse();
            case FrontendType.BIND -> backend.ledger().expectBind();
            case FrontendType.DESCRIBE -> backend.ledger().expectDescribe();
            case FrontendType.CLOSE -> backend.ledger().expectClose();
            default -> executions().execute(backend, in, at, available);
        }
    }

    private Executions executions() {
        return session.lease().tenure.executions;
    }

    // ---- Parse

    private void parse(BackendConnection backend, ByteBuf in, int at, int length, int available) {
        MessageText text = relay.text();
        int name = text.nameAt();
        int nameEnd = text.nameEnd();
        int body = text.sqlAt();
        int textEnd = text.sqlEnd();
        if (nameEnd < 0 || (textEnd < 0 && available == length)) {
            // Malformed; PostgreSQL says so better than we could.
            relay.forward(backend, at, available);
            backend.ledger().expectParse();
            return;
        }
        if (nameEnd - name > NAMES) {
            throw new ProtocolViolation(
                    SqlState.PROGRAM_LIMIT_EXCEEDED,
                    "a statement's name of " + (nameEnd - name) + " bytes exceeds the limit of " + NAMES);
        }
        int bodyLength = at + length - body;
        int textLimit = text.sqlLimit();
        StatementKind kind = text.kind(in);
        effects.noteParse(kind, in, body, textLimit, backend);
        if (nameEnd > name) {
            names.parse(backend, in, name, nameEnd, bodyLength);
            return;
        }
        StatementChange change = text.isAgain()
                ? unnamed.parseAgain(backend)
                : unnamed.parse(
                        backend,
                        in,
                        body,
                        bodyLength,
                        available == length,
                        kind,
                        effects.guard().effects(),
                        session.lease().hasStandardStrings());
        if (!text.isAgain() || executions().isUnknown(unnamed.tally())) {
            unnamed.tally(executions().of(in, body, textLimit));
        }
        if (!unnamed.note(backend)) {
            backend.running().passing(in, body, textLimit, textEnd >= 0);
        }
        String own =
                kind == StatementKind.DEALLOCATE && textEnd >= 0 ? names.deallocateTarget(in, body, textEnd) : null;
        if (own == null) {
            relay.forward(backend, at, available);
            backend.ledger().expectParse(change);
        } else {
            backend.ledger().expectParse(names.deallocate(backend, own, change));
        }
    }

    /** Whether a Parse gives a name that the client has given already. */
    boolean isNameTaken(ByteBuf in) {
        MessageText text = relay.text();
        return text.nameEnd() > text.nameAt() && names.find(in, text.nameAt(), text.nameEnd() - text.nameAt()) != null;
    }

    // ---- Bind, Describe, Close

    private void bind(BackendConnection backend, ByteBuf in, int at, int length, int available) {
        int end = at + available;
        int portal = at + FrameScanner.HEADER;
        int name = relay.text().nameAt();
        int nameEnd = relay.text().nameEnd();
        if (nameEnd < 0 ? available < length : nameEnd - at > NAMES) {
            throw new ProtocolViolation(SqlState.PROTOCOL_VIOLATION, "names in Bind are too long");
        }
        if (nameEnd < 0) {
            relay.forward(backend, at, available);
        } else if (nameEnd == name) {
            unnamed.ensure(backend);
            unnamed.note(backend);
            effects.note(unnamed, backend);
            executions().bind(in, portal, unnamed.tally());
            relay.forward(backend, at, available);
        } else {
            PreparedStatement statement = names.use(backend, relay.text().statement(), in, name, nameEnd - name);
            if (statement != null) {
                backend.running().kept(statement.body(), statement.body().length);
                effects.note(statement, backend);
            }
            executions().bind(in, portal, executions().of(statement));
            byte[] serverName = serverName(statement, in, name, nameEnd);
            int rewritten = length - 1 + serverName.length - (nameEnd - name);
            if (rewritten > Limits.LARGE_MESSAGE) {
                throw new ProtocolViolation(
                        SqlState.PROGRAM_LIMIT_EXCEEDED,
                        "Bind of " + length + " bytes leaves no room for the statement's name on the server");
            }
            backend.toServer()
                    .append()
                    .writeByte(FrontendType.BIND)
                    .writeInt(rewritten)
                    .writeBytes(in, portal, name - portal)
                    .writeBytes(serverName)
                    .writeByte(0);
            relay.forward(backend, nameEnd + 1, end - (nameEnd + 1));
        }
        backend.ledger().expectBind();
    }

    private void describe(BackendConnection backend, ByteBuf in, int at, int length) {
        int target = at + FrameScanner.HEADER;
        int name = target + 1;
        int nameEnd = terminator(in, name, at + length);
        boolean ofStatement = length > FrameScanner.HEADER + 1 && in.getByte(target) == 'S';
        if (!ofStatement || nameEnd < 0) {
            relay.forward(backend, at, length);
        } else if (nameEnd == name) {
            unnamed.ensure(backend);
            relay.forward(backend, at, length);
        } else {
            PreparedStatement statement = names.use(backend, in, name, nameEnd - name);
            byte[] serverName = serverName(statement, in, name, nameEnd);
            backend.toServer()
                    .append()
                    .writeByte(FrontendType.DESCRIBE)
                    .writeInt(4 + 1 + serverName.length + 1)
                    .writeByte('S')
                    .writeBytes(serverName)
                    .writeByte(0);
        }
        backend.ledger().expectDescribe();
    }

    private static byte[] serverName(@Nullable PreparedStatement statement, ByteBuf in, int name, int nameEnd) {
        return statement == null
                ? PreparedStatement.foreignName(ByteBufUtil.getBytes(in, name, nameEnd - name))
                : statement.serverName();
    }

    private void close(BackendConnection backend, ByteBuf in, int at, int length) {
        int target = at + FrameScanner.HEADER;
        int name = target + 1;
        int nameEnd = terminator(in, name, at + length);
        boolean ofStatement = length > FrameScanner.HEADER + 1 && in.getByte(target) == 'S';
        if (!ofStatement || nameEnd < 0) {
            relay.forward(backend, at, length);
            backend.ledger().expectClose();
        } else if (nameEnd == name) {
            unnamed.forget();
            backend.statements().unnamed(null, 0);
            relay.forward(backend, at, length);
            backend.ledger().expectClose();
        } else {
            backend.ledger().makeCloseComplete(names.close(in, name, nameEnd - name));
            session.replied();
        }
    }

    /** Close of a statement, and use of an unknown one, are answered without a backend. */
    boolean answersDetached(byte type, ByteBuf in, int at, int length) {
        if (type == FrontendType.CLOSE) {
            int name = at + FrameScanner.HEADER + 1;
            int nameEnd = terminator(in, name, at + length);
            boolean ofNamed = nameEnd > name && in.getByte(at + FrameScanner.HEADER) == 'S';
            if (!ofNamed) {
                return false;
            }
            names.close(in, name, nameEnd - name);
            BackendWriter.closeComplete(session.toClient().append());
            session.replied();
            return true;
        }
        MessageText text = relay.text();
        int nameLength = text.nameEnd() - text.nameAt();
        if (nameLength <= 0 || text.statement() != null) {
            return false;
        }
        String name = in.toString(text.nameAt(), nameLength, StandardCharsets.UTF_8);
        relay.fail(ClientError.UNKNOWN_STATEMENT.with(name), type);
        return true;
    }

    /** Neither names nor the unnamed statement are left. */
    void forgetAll() {
        names.forgetAll();
        unnamed.forget();
    }

    UnnamedStatement unnamed() {
        return unnamed;
    }

    // ---- events

    /** "A simple Query message also destroys the unnamed statement." */
    void queryDestroysUnnamed() {
        unnamed.forget();
    }

    boolean holdsBackend() {
        return unnamed.holdsBackend();
    }

    void released() {
        unnamed.released();
        recovery.unitEnded();
        if (session.isClosed()) {
            forgetAll();
        }
    }

    void unitEnded() {
        recovery.unitEnded();
    }

    /** A unit is sent again. */
    void repeats() {
        recovery.repeats();
    }

    /** A unit has been answered. */
    void answered() {
        recovery.answered();
    }

    /** See {@link PlanRecovery#errorForClient}. */
    ErrorAction errorForClient(BackendConnection backend, ErrorFields error, @Nullable UnitRecord unit) {
        return recovery.errorForClient(backend, error, unit, names);
    }
}
