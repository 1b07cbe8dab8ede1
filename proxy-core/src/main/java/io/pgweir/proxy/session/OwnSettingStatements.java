package io.pgweir.proxy.session;

import static io.pgweir.proxy.session.MessageText.terminator;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.sql.PrefixedSetting;
import io.pgweir.protocol.sql.SettingChange;
import io.pgweir.protocol.sql.SqlScanner;
import io.pgweir.protocol.wire.BackendWriter;
import io.pgweir.protocol.wire.ColumnDescription;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.FrameScanner;
import io.pgweir.protocol.wire.FrontendType;
import io.pgweir.protocol.wire.FrontendWriter;
import io.pgweir.protocol.wire.TransactionStatus;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.StatementChange;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * SET, RESET and SHOW of {@link OwnSettings}, answered by pgweir in both protocols. They need no backend; where there is one,
 * each is answered in its turn between PostgreSQL's replies, and one that is wrong becomes a statement that PostgreSQL
 * refuses, so that its transaction fails and the rest of the unit is skipped as after any other error. On the session's loop.
 */
final class OwnSettingStatements {
    enum Outcome {
        NOT_OURS,
        TAKEN,
        /** To be presented again when nothing is owed. */
        NOT_YET
    }

    /** What PostgreSQL gets, and refuses as a syntax error, in place of a statement that is wrong. */
    private static final String REFUSED = "pgweir refuses a statement about its own settings";

    private final ClientSession session;
    private final FrontendRelay relay;
    private final ClientLimits limits;
    private final Map<String, PrefixedSetting> statements = new HashMap<>(0);
    private final Map<String, PrefixedSetting> portals = new HashMap<>(0);
    private boolean resetAllSent;

    OwnSettingStatements(ClientSession session, FrontendRelay relay) {
        this.session = session;
        this.relay = relay;
        this.limits = session.limits();
    }

    /** Whether there are prepared statements of this kind, so that every message must be looked at. */
    boolean isInUse() {
        return !statements.isEmpty() || !portals.isEmpty();
    }

    // ---- Query

    /** @param several whether there may be more than one statement */
    Outcome query(@Nullable BackendConnection backend, ByteBuf in, int at, int length, int available, boolean several) {
        int from = at + FrameScanner.HEADER;
        int to = Math.min(at + length - 1, at + available);
        if (isInUse()) {
            statements.remove("");
            portals.remove("");
        }
        if (!several && !SqlScanner.mayBeginWithSetting(in, from, to)) {
            return Outcome.NOT_OURS;
        }
        PrefixedSetting setting = SqlScanner.prefixedSetting(in, from, to, OwnSettings.PREFIX);
        if (setting == null) {
            return several ? Outcome.NOT_OURS : resetAll(backend, in, from, to);
        }
        if (backend == null) {
            detachedQuery(setting);
            return Outcome.TAKEN;
        }
        if (backend.ledger().isCopyingIn()) {
            return Outcome.NOT_OURS; // it ends the COPY, and PostgreSQL does not run it
        }
        if (backend.ledger().size() > 0 && !relay.isUnitOpen()) {
            return Outcome.NOT_YET;
        }
        ErrorFields problem = problem(backend, setting);
        if (problem == null && relay.isUnitOpen()) {
            problem = ClientError.OWN_SETTING_NOT_ALONE.with(setting.name());
        }
        if (problem != null) {
            relay.beginUnit();
            FrontendWriter.query(backend.toServer().append(), REFUSED);
            backend.ledger().expectRefusedQuery(problem);
            return Outcome.TAKEN;
        }
        describe(setting, false);
        String tag = execute(setting, backend.status() != TransactionStatus.IDLE);
        session.completed(backend, tag);
        return Outcome.TAKEN;
    }

    private void detachedQuery(PrefixedSetting setting) {
        ErrorFields problem = OwnSettings.problem(setting);
        if (problem != null) {
            relay.fail(problem, FrontendType.QUERY);
            return;
        }
        describe(setting, false);
        String tag = execute(setting, session.transaction() != ClientTransaction.NONE);
        BackendWriter.commandComplete(session.toClient().append(), tag);
        session.ready();
    }

    private Outcome resetAll(@Nullable BackendConnection backend, ByteBuf in, int from, int to) {
        SettingChange change = SqlScanner.settingChange(in, from, to);
        if (change == null || change.kind() != SettingChange.Kind.RESET_ALL) {
            return Outcome.NOT_OURS;
        }
        if (backend != null && backend.ledger().size() > 0 && !relay.isUnitOpen()) {
            return Outcome.NOT_YET;
        }
        resetAllSent = true;
        return Outcome.NOT_OURS;
    }

    /** PostgreSQL has completed a RESET. */
    void resetCompleted() {
        if (resetAllSent) {
            resetAllSent = false;
            limits.resetAll();
        }
    }

    // ---- extended protocol

    /** Parse, and if {@link #isInUse} the other messages of the extended protocol. */
    Outcome extended(@Nullable BackendConnection backend, byte type, ByteBuf in, int at, int length, int available) {
        return switch (type) {
            case FrontendType.PARSE -> parse(backend, in, length, available);
            case FrontendType.BIND -> bind(backend, in, at, available);
            case FrontendType.DESCRIBE -> describe(backend, in, at, available);
            case FrontendType.EXECUTE -> execute(backend, in, at, available);
            case FrontendType.CLOSE -> close(backend, in, at, available);
            case FrontendType.SYNC -> {
                portals.clear(); // nobody executes one of these twice
                yield Outcome.NOT_OURS;
            }
            default -> Outcome.NOT_OURS;
        };
    }

    private Outcome parse(@Nullable BackendConnection backend, ByteBuf in, int length, int available) {
        MessageText message = relay.text();
        int name = message.nameAt();
        int nameEnd = message.nameEnd();
        int sql = message.sqlAt();
        int to = message.sqlLimit();
        boolean ours = message.mayBeginWithSetting(in);
        PrefixedSetting setting = ours ? SqlScanner.prefixedSetting(in, sql, to, OwnSettings.PREFIX) : null;
        if (setting == null || (setting.kind() == PrefixedSetting.Kind.NOT_ALONE && available == length)) {
            // Several statements in a Parse are an error that PostgreSQL finds by itself.
            if (nameEnd < 0 || !isInUse()) {
                return ours ? resetAll(backend, in, sql, to) : Outcome.NOT_OURS;
            }
            String other = text(in, name, nameEnd);
            if (!other.isEmpty() && statements.containsKey(other)) {
                return refuse(backend, ClientError.DUPLICATE_STATEMENT.with(other));
            }
            statements.remove(other);
            return Outcome.NOT_OURS;
        }
        if (mustWait(backend)) {
            return Outcome.NOT_YET;
        }
        String own = text(in, name, nameEnd);
        boolean taken = !own.isEmpty() && (statements.containsKey(own) || relay.isNameTaken(in));
        ErrorFields problem = taken ? ClientError.DUPLICATE_STATEMENT.with(own) : problem(backend, setting);
        if (problem != null) {
            return refuse(backend, problem);
        }
        statements.put(own, setting);
        return inTurn(backend, new StatementChange() {
            @Override
            public void completed() {
                BackendWriter.parseComplete(session.toClient().append());
            }

            @Override
            public void takenBack() {
                statements.remove(own, setting);
            }
        });
    }

    private Outcome bind(@Nullable BackendConnection backend, ByteBuf in, int at, int available) {
        int portal = at + FrameScanner.HEADER;
        int portalEnd = terminator(in, portal, at + available);
        int nameEnd = portalEnd < 0 ? -1 : terminator(in, portalEnd + 1, at + available);
        PrefixedSetting setting = nameEnd < 0 ? null : statements.get(text(in, portalEnd + 1, nameEnd));
        if (setting == null) {
            if (portalEnd >= 0) {
                portals.remove(text(in, portal, portalEnd));
            }
            return Outcome.NOT_OURS;
        }
        Outcome unfit = unfit(backend);
        if (unfit != null) {
            return unfit;
        }
        portals.put(text(in, portal, portalEnd), setting);
        return answer(
                backend, () -> BackendWriter.bindComplete(session.toClient().append()));
    }

    private Outcome describe(@Nullable BackendConnection backend, ByteBuf in, int at, int available) {
        int nameEnd = terminator(in, at + FrameScanner.HEADER + 1, at + available);
        boolean ofStatement = nameEnd >= 0 && in.getByte(at + FrameScanner.HEADER) == 'S';
        String name = nameEnd < 0 ? "" : text(in, at + FrameScanner.HEADER + 1, nameEnd);
        PrefixedSetting setting = ofStatement ? statements.get(name) : portals.get(name);
        if (nameEnd < 0 || setting == null) {
            return Outcome.NOT_OURS;
        }
        Outcome unfit = unfit(backend);
        return unfit != null
                ? unfit
                : answer(backend, () -> {
                    if (ofStatement) {
                        BackendWriter.parameterDescription(session.toClient().append());
                    }
                    describe(setting, true);
                });
    }

    private Outcome execute(@Nullable BackendConnection backend, ByteBuf in, int at, int available) {
        int nameEnd = terminator(in, at + FrameScanner.HEADER, at + available);
        PrefixedSetting setting = nameEnd < 0 ? null : portals.get(text(in, at + FrameScanner.HEADER, nameEnd));
        if (setting == null) {
            return Outcome.NOT_OURS;
        }
        Outcome unfit = unfit(backend);
        return unfit != null
                ? unfit
                : answer(backend, () -> {
                    BackendConnection now = session.backend();
                    boolean inTransaction = now == null
                            ? session.transaction() != ClientTransaction.NONE
                            : now.status() != TransactionStatus.IDLE;
                    BackendWriter.commandComplete(session.toClient().append(), execute(setting, inTransaction));
                });
    }

    private Outcome close(@Nullable BackendConnection backend, ByteBuf in, int at, int available) {
        int nameEnd = terminator(in, at + FrameScanner.HEADER + 1, at + available);
        if (nameEnd < 0) {
            return Outcome.NOT_OURS;
        }
        boolean ofStatement = in.getByte(at + FrameScanner.HEADER) == 'S';
        Map<String, PrefixedSetting> names = ofStatement ? statements : portals;
        String name = text(in, at + FrameScanner.HEADER + 1, nameEnd);
        if (!names.containsKey(name)) {
            return Outcome.NOT_OURS;
        }
        if (mustWait(backend)) {
            return Outcome.NOT_YET;
        }
        names.remove(name);
        return answer(
                backend, () -> BackendWriter.closeComplete(session.toClient().append()));
    }

    // ---- what they have in common

    /** What the client's transaction on {@code backend}, or the statement itself, has against it; else null. */
    private @Nullable ErrorFields problem(@Nullable BackendConnection backend, PrefixedSetting setting) {
        return isFailed(backend) ? ClientError.TRANSACTION_ABORTED.with() : OwnSettings.problem(setting);
    }

    /** Known for certain only when nothing is owed; otherwise PostgreSQL skips what follows its own refusal. */
    private static boolean isFailed(@Nullable BackendConnection backend) {
        return backend != null && backend.ledger().isEmpty() && backend.status() == TransactionStatus.FAILED;
    }

    private boolean mustWait(@Nullable BackendConnection backend) {
        return backend != null && backend.ledger().size() > 0 && !relay.isUnitOpen();
    }

    /** Why a message that uses a known statement cannot be answered as it is; null if it can. */
    private @Nullable Outcome unfit(@Nullable BackendConnection backend) {
        if (mustWait(backend)) {
            return Outcome.NOT_YET;
        }
        return isFailed(backend) ? refuse(backend, ClientError.TRANSACTION_ABORTED.with()) : null;
    }

    private Outcome refuse(@Nullable BackendConnection backend, ErrorFields problem) {
        if (backend == null) {
            relay.fail(problem, FrontendType.PARSE);
        } else if (mustWait(backend)) {
            return Outcome.NOT_YET;
        } else {
            relay.openUnit();
            backend.statements().unnamed(null, 0);
            FrontendWriter.parse(backend.toServer().append(), "", REFUSED);
            backend.ledger().expectRefusedParse(problem);
        }
        return Outcome.TAKEN;
    }

    private Outcome answer(@Nullable BackendConnection backend, Runnable reply) {
        return inTurn(backend, new StatementChange() {
            @Override
            public void completed() {
                reply.run();
            }

            @Override
            public void takenBack() {}
        });
    }

    private Outcome inTurn(@Nullable BackendConnection backend, StatementChange change) {
        if (backend == null) {
            change.completed();
        } else {
            backend.ledger().make(change);
        }
        session.replied();
        return Outcome.TAKEN;
    }

    private void describe(PrefixedSetting setting, boolean always) {
        if (setting.kind() == PrefixedSetting.Kind.SHOW) {
            BackendWriter.rowDescription(
                    session.toClient().append(), List.of(ColumnDescription.text(OwnSettings.PREFIX + setting.name())));
        } else if (always) {
            BackendWriter.noData(session.toClient().append());
        }
    }

    /** Carries it out, with its row or notice; gives the command tag. */
    private String execute(PrefixedSetting setting, boolean inTransaction) {
        if (setting.kind() == PrefixedSetting.Kind.SHOW) {
            BackendWriter.dataRow(session.toClient().append(), OwnSettings.show(setting, limits));
            return "SHOW";
        }
        if (setting.kind() == PrefixedSetting.Kind.SET_LOCAL && !inTransaction) {
            notice(ClientError.SET_LOCAL_OUTSIDE_TRANSACTION.with());
        }
        notice(OwnSettings.apply(setting, limits));
        return setting.kind() == PrefixedSetting.Kind.RESET ? "RESET" : "SET";
    }

    private void notice(@Nullable ErrorFields notice) {
        if (notice != null) {
            BackendWriter.notice(session.toClient().append(), notice);
        }
    }

    private static String text(ByteBuf in, int from, int to) {
        return in.toString(from, to - from, StandardCharsets.UTF_8);
    }
}
