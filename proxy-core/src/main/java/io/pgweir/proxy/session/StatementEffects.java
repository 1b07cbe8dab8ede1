package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgweir.protocol.sql.SessionEffect;
import io.pgweir.protocol.sql.SettingChange;
import io.pgweir.protocol.sql.SqlScanner;
import io.pgweir.protocol.sql.StatementKind;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.ParseContext;
import io.pgweir.proxy.backend.PreparedStatement;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the statements of a client do beyond their results, as far as their first words tell. */
final class StatementEffects {
    private final ClientSession session;
    private final FrontendRelay relay;
    private final StateGuard guard;
    private boolean committing;
    private int unitsBeforeCommit;
    private boolean dropsStatements;
    private boolean awaitsDrop;

    StatementEffects(ClientSession session, FrontendRelay relay) {
        this.session = session;
        this.relay = relay;
        this.guard = new StateGuard(session, relay);
    }

    /** What has read the statement that is about to be sent. */
    StateGuard guard() {
        return guard;
    }

    /** A FunctionCall is being sent: code of anybody's. */
    void functionCalled(BackendConnection to) {
        session.lease().state().sent(SessionEffect.CODE.bit(), "FunctionCall", to);
    }

    /** Takes note of a Query that is being sent. */
    void note(StatementKind kind, ByteBuf source, int from, int to, boolean whole, BackendConnection backend) {
        noteSettings(guard.effects(), source, from, to);
        if (relay.text().isSeveral()) {
            session.lease().settings().doubted(); // only the first has been looked at
            // What is not here yet may hold a COMMIT as well.
            if (!whole || SqlScanner.mayCommit(source, from, to, session.lease().hasStandardStrings())) {
                commits();
            }
        }
        noteReading(kind, source, from, to);
        note(kind, guard.effects(), backend);
    }

    /** Takes note of a statement that is being prepared. */
    void noteParse(StatementKind kind, ByteBuf source, int from, int to, BackendConnection backend) {
        noteSettings(guard.effects(), source, from, to);
        note(kind);
    }

    /** Takes note of a prepared statement that is being run. */
    void note(PreparedStatement statement, BackendConnection backend) {
        if (SessionEffect.RESET.in(statement.effects())) {
            ByteBuf text = Unpooled.wrappedBuffer(statement.body());
            noteSettings(statement.effects(), text, 0, text.bytesBefore((byte) 0));
        }
        noteReading(statement.kind(), statement.body());
        note(statement.kind(), statement.effects(), backend);
    }

    /** Takes note of the unnamed statement, which is being run. */
    void note(UnnamedStatement statement, BackendConnection backend) {
        noteReading(statement.kind(), statement.body());
        note(statement.kind(), statement.effects(), backend);
    }

    private void noteReading(StatementKind kind, byte @Nullable [] body) {
        if (maySet(kind)) {
            ByteBuf text = Unpooled.wrappedBuffer(body == null ? new byte[1] : body);
            noteReading(kind, text, 0, text.bytesBefore((byte) 0));
        }
    }

    /** Notes that what is being run may change what texts mean, unless it is a setting that has nothing to do with that. */
    private void noteReading(StatementKind kind, ByteBuf source, int from, int to) {
        if (maySet(kind)) {
            SettingChange change = SqlScanner.settingChange(source, from, to);
            boolean harmless = change != null
                    && change.kind() != SettingChange.Kind.RESET_ALL
                    && !ParseContext.dependsOn(change.name());
            if (!harmless) {
                session.lease().settings().doubted();
            }
        }
    }

    private static boolean maySet(StatementKind kind) {
        return kind == StatementKind.SET
                || kind == StatementKind.SET_LOCAL
                || kind == StatementKind.RESET
                || kind == StatementKind.DISCARD;
    }

    /** Takes note of the names of settings in a statement that is being sent, perhaps only to be prepared. */
    private void noteSettings(int effects, ByteBuf source, int from, int to) {
        boolean standard = session.lease().hasStandardStrings();
        if (SessionEffect.CUSTOM_SETTING.in(effects)) {
            session.lease().settings().customTouched(SqlScanner.customSettings(source, from, to, standard));
        }
        if (SessionEffect.RESET.in(effects)) {
            session.lease().settings().resetSent(SqlScanner.resetSettings(source, from, to, standard));
        }
    }

    /** Takes note of a statement that is being sent to be run. */
    private void note(StatementKind kind, int effects, BackendConnection to) {
        if (effects != 0) {
            session.lease().state().sent(effects, kind.name(), to);
        }
        if (SessionEffect.PLAIN_SETTING.in(effects)) {
            session.lease().settings().doubted();
        }
        if (SessionEffect.RESET.in(effects)) {
            dropsStatements = true;
            session.lease().settings().resetSent(Set.of());
        }
        note(kind);
    }

    private void note(StatementKind kind) {
        switch (kind) {
            case COMMIT:
            case PREPARE_TRANSACTION:
            case COMMIT_PREPARED:
                commits();
                break;
            case DEALLOCATE:
                dropsStatements = true;
                break;
            case DISCARD:
                dropsStatements = true;
                session.lease().settings().resetSent(Set.of());
                break;
            default:
                break;
        }
    }

    private void commits() {
        committing = true;
        BackendConnection backend = session.backend();
        unitsBeforeCommit = backend == null ? 0 : backend.ledger().unansweredUnits();
    }

    /** A unit is complete; if it drops statements, what follows is judged once that is known to have worked. */
    void unitSent() {
        awaitsDrop |= dropsStatements;
        dropsStatements = false;
    }

    boolean awaitsDrop() {
        return awaitsDrop;
    }

    void dropKnown() {
        awaitsDrop = false;
        session.lease().restoreStartup();
    }

    /** A unit has been answered. */
    void readyForQuery() {
        if (committing && --unitsBeforeCommit < 0) {
            committing = false;
        }
    }

    void released() {
        committing = false;
        awaitsDrop = false;
    }

    /** A command has completed. */
    void completed(CommandTags.Effect effect, ExtendedRelay extended, OwnSettingStatements own) {
        switch (effect) {
            case SETTING -> session.lease().settingsTouched();
            case RESET -> {
                session.lease().settingsTouched();
                own.resetCompleted();
            }
            case COMMIT -> session.limits().committed();
            case ROLLBACK -> session.limits().rolledBack();
            case LOAD -> session.lease().state().libraryLoaded();
            case DISCARD_SEQUENCES -> sequencesDiscarded();
            case DISCARD_ALL -> {
                extended.forgetAll();
                session.lease().discarded();
            }
            case DEALLOCATE_ALL -> extended.forgetAll();
            case LISTEN, NONE -> {}
        }
    }

    private void sequencesDiscarded() {
        BackendConnection backend = session.backend();
        if (backend != null) {
            session.lease().state().sequencesDiscarded(backend);
        }
    }

    /** A COMMIT has been sent, and its outcome is not known. */
    boolean isCommitting() {
        return committing;
    }
}
