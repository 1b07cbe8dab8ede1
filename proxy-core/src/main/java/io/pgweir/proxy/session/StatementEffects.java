package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.sql.SettingChange;
import io.pgweir.protocol.sql.SqlScanner;
import io.pgweir.protocol.sql.StatementKind;
import io.pgweir.proxy.backend.BackendConnection;

/** What the statements of a client do beyond their results, as far as their first words tell. */
final class StatementEffects {
    private final ClientSession session;
    private boolean committing;
    private int unitsBeforeCommit;
    private boolean dropsStatements;
    private boolean awaitsDrop;

    StatementEffects(ClientSession session) {
        this.session = session;
    }

    /** Takes note of a statement that is being sent, and of which setting of a client's own invention a SET changes. */
    void note(StatementKind kind, ByteBuf source, int from, int to) {
        note(kind);
        SettingChange change = kind == StatementKind.SET ? SqlScanner.settingChange(source, from, to) : null;
        if (change != null && SettingsSync.isCustom(change.name())) {
            session.lease().settings().customTouched(change.name());
        }
    }

    /** Takes note of a statement that is being sent. */
    void note(StatementKind kind) {
        switch (kind) {
            case COMMIT:
            case PREPARE_TRANSACTION:
            case COMMIT_PREPARED:
                committing = true;
                BackendConnection backend = session.backend();
                unitsBeforeCommit = backend == null ? 0 : backend.ledger().unansweredUnits();
                break;
            case DEALLOCATE:
            case DISCARD:
                dropsStatements = true;
                break;
            case LISTEN:
            case PREPARE:
            case CREATE_TEMP:
            case LOAD:
                session.lease().pin();
                break;
            default:
                break;
        }
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
            case DISCARD_ALL -> {
                extended.forgetAll();
                session.lease().discarded();
            }
            case DEALLOCATE_ALL -> extended.forgetAll();
            case NONE -> {}
        }
    }

    /** A COMMIT has been sent, and its outcome is not known. */
    boolean isCommitting() {
        return committing;
    }
}
