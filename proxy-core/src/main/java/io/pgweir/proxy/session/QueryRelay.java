package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.sql.SqlScanner;
import io.pgweir.protocol.sql.StatementKind;
import io.pgweir.protocol.wire.FrameScanner;
import io.pgweir.protocol.wire.FrontendType;
import io.pgweir.protocol.wire.TransactionStatus;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.settings.ClientLimit;

/** The simple protocol: Query messages on their way to a backend. On the session's loop. */
final class QueryRelay {
    /** As many statements of a Query have a clock each; the clocks of more are too long to matter. */
    private static final int MOST_STATEMENTS = 1000;

    private final ClientSession session;
    private final FrontendRelay relay;
    private final ExtendedRelay extended;
    private final StatementEffects effects;
    private final TransactionRefusal transactionRefusal;
    private final ListenWatch listens;

    QueryRelay(
            ClientSession session,
            FrontendRelay relay,
            ExtendedRelay extended,
            StatementEffects effects,
            TransactionRefusal transactionRefusal,
            ListenWatch listens) {
        this.session = session;
        this.relay = relay;
        this.extended = extended;
        this.effects = effects;
        this.transactionRefusal = transactionRefusal;
        this.listens = listens;
    }

    /** Sends a Query, or answers it in its turn; false if it must wait. */
    boolean send(BackendConnection backend, ByteBuf source, int at, int length, int available) {
        int from = at + FrameScanner.HEADER;
        int to = Math.min(at + length - 1, at + available);
        boolean whole = available == length;
        int statements = statementsWithClocks(backend, source, from, to, length, available);
        if (statements > 1 && backend.ledger().unansweredUnits() > 0) {
            return relay.holdBack(Held.UNTIL_ANSWERED); // nothing tells when the one before has ended
        }
        if (relay.isMapped()) {
            StatementKind kind = relay.text().kind(source);
            if (transactionRefusal.concerns(kind)) {
                return transactionRefusal.refuse(backend, FrontendType.QUERY);
            }
            if (kind == StatementKind.DEALLOCATE && whole && mayAnswer(backend)) {
                String own = extended.names.deallocateTarget(source, from, to);
                if (own != null) {
                    return deallocate(backend, own);
                }
            }
            if (effects.guard().holdsQuery(backend, source, whole)) {
                return relay.holdBack(Held.UNTIL_ANSWERED);
            }
            if (effects.guard().refusesQuery(backend)) {
                return true;
            }
            if (!listens.passesQuery(kind, source, from, to, whole)) {
                return false;
            }
            begin(backend, statements);
            effects.note(kind, source, from, to, whole, backend);
            extended.queryDestroysUnnamed();
            backend.statements().unnamed(null, 0);
            effects.unitSent();
        } else {
            begin(backend, statements);
        }
        backend.running().passing(source, from, to, whole);
        relay.forward(backend, at, available);
        boolean withoutCopy = whole && relay.text().isBare();
        session.lease().tenure.executions.query(backend, source, from, to, withoutCopy);
        relay.unitSent();
        return true;
    }

    private void begin(BackendConnection backend, int statements) {
        if (statements > 1) {
            session.lease().severalBegin(statements);
        } else {
            relay.beginUnit();
        }
    }

    private boolean mayAnswer(BackendConnection backend) {
        return !relay.isUnitOpen() && backend.status() != TransactionStatus.FAILED;
    }

    private boolean deallocate(BackendConnection backend, String own) {
        if (backend.ledger().size() > 0) {
            return relay.holdBack(Held.UNTIL_ANSWERED);
        }
        extended.names.forget(own);
        extended.queryDestroysUnnamed();
        session.completed(backend, "DEALLOCATE");
        return true;
    }

    /** How many statements share the clock of this Query, each with its own time; 1 also where there is no limit. */
    private int statementsWithClocks(
            BackendConnection backend, ByteBuf source, int from, int to, int length, int available) {
        if (!relay.text().isSeveral()
                || relay.isUnitOpen()
                || session.limits().nanos(ClientLimit.STATEMENT_TIMEOUT) == 0
                || backend.ledger().isCopyingIn()) {
            return 1;
        }
        int count = SqlScanner.count(source, from, to);
        // Of a text that is not all here, the rest counts as if it were like the beginning.
        long all = available == length ? count : (long) count * length / available + 1;
        return (int) Math.min(all, MOST_STATEMENTS);
    }
}
