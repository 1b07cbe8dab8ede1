package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.wire.FrameScanner;
import io.pgweir.protocol.wire.TransactionStatus;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.settings.PoolMode;
import io.pgweir.proxy.settings.RetryMode;

/** Keeps units that begin with a Query or a Parse as well, with {@code retry: safe}, and says whether one may run twice. */
final class RepeatableUnit {
    private final ClientSession session;
    private final UnitRecord unit;
    private final ExtendedRelay extended;
    private final StatementEffects effects;
    private final UnitRecord.Sender sender;
    private final boolean active;

    RepeatableUnit(
            ClientSession session,
            UnitRecord unit,
            ExtendedRelay extended,
            StatementEffects effects,
            UnitRecord.Sender sender) {
        this.session = session;
        this.unit = unit;
        this.extended = extended;
        this.effects = effects;
        this.sender = sender;
        this.active =
                session.mode() != PoolMode.SESSION && session.pool().settings().retry() == RetryMode.SAFE;
    }

    /** A whole Query has been sent, or answered, which is a unit of its own. */
    void query(BackendConnection backend, ByteBuf source, int at, int length) {
        if (!active) {
            return;
        }
        if (session.toldStatus() == TransactionStatus.IDLE && backend.ledger().unansweredUnits() == 1) {
            unit.begin(at);
            unit.complete(source, at + length);
        }
    }

    /** A unit begins with the Parse at {@code at}, and nothing is owed. A name would be taken when it comes again. */
    void parse(ByteBuf in, int at) {
        if (active && in.getByte(at + FrameScanner.HEADER) == 0) {
            unit.begin(at);
        }
    }

    /** Sends it again, as if the client had. */
    void repeat(BackendConnection backend) {
        unit.replay(backend, sender);
    }

    /** Whether what {@code lost} owes is this unit, it only reads, and the client has seen nothing of its answer. */
    boolean mayRepeat(BackendConnection lost) {
        return active
                && lost.ledger().unansweredUnits() == 1
                && !lost.isUnitAnswered()
                && !effects.isCommitting()
                && session.toldStatus() == TransactionStatus.IDLE
                && session.transaction() == ClientTransaction.NONE
                && unit.mayReplay(false)
                && unit.passes(new ReadOnlyUnit(extended, session.lease().hasStandardStrings()));
    }
}
