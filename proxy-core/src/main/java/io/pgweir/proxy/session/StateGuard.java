package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.sql.SessionEffect;
import io.pgweir.protocol.sql.SessionEffectReader;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.FrontendWriter;
import io.pgweir.protocol.wire.TransactionStatus;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.PreparedStatement;
import org.jspecify.annotations.Nullable;

/**
 * Reads, before a statement is sent, what it may do to its session: some must not run, and before currval and lastval goes
 * what makes them speak of this client alone. On the session's loop.
 */
final class StateGuard {
    /** No SQL, and no statement's name: PostgreSQL refuses it. */
    private static final String REFUSED = "pgweir_refuses";

    private final ClientSession session;
    private final FrontendRelay relay;
    private final SessionEffectReader reader;
    private int effects;
    private @Nullable ErrorFields bindRefusal;

    StateGuard(ClientSession session, FrontendRelay relay) {
        this.session = session;
        this.relay = relay;
        this.reader = session.loop().effectReader();
    }

    /** What the statement read last may do: a mask of {@link SessionEffect}s. */
    int effects() {
        return effects;
    }

    /** Reads a Query; true if it must wait until all has been answered. */
    boolean holdsQuery(BackendConnection backend, ByteBuf in, boolean whole) {
        effects = relay.text().effectsOfQuery(in, whole, reader, session.lease().hasStandardStrings());
        return mustWait(backend);
    }

    /** True if the Query read last has been refused. */
    boolean refusesQuery(BackendConnection backend) {
        ErrorFields refusal = refusal(backend);
        if (refusal != null) {
            relay.beginUnit();
            FrontendWriter.query(backend.toServer().append(), REFUSED);
            backend.ledger().expectRefusedQuery(refusal);
            relay.unitSent();
        }
        return refusal != null;
    }

    /** Reads a Parse; true if it must wait until all has been answered. */
    boolean holdsParse(BackendConnection backend, ExtendedRelay extended, ByteBuf in, int at, int length) {
        boolean afterOthers = !relay.isUnitOpen() && backend.ledger().size() > 0;
        if (afterOthers && extended.isNameTaken(in)) {
            return true; // by a Parse that may yet fail
        }
        effects = relay.text()
                .effectsOfParse(
                        in,
                        at + length,
                        extended.unnamed(),
                        reader,
                        session.lease().hasStandardStrings());
        if (mustWait(backend)) {
            return true;
        }
        if (SessionEffect.SEQUENCE_READ.in(effects)
                && !relay.isUnitOpen()
                && backend.status() != TransactionStatus.FAILED
                && !session.lease().state().hasAdvanced()) {
            // It begins the unit in which the statement may run.
            session.lease().check.readsSequences(backend, false, session.lease());
        }
        return false;
    }

    /** Looks at the statement of a Bind; true if it must wait until all has been answered. */
    boolean holdsBind(BackendConnection backend, ExtendedRelay extended) {
        MessageText text = relay.text();
        if (text.nameEnd() < 0) {
            effects = 0;
        } else if (text.nameEnd() == text.nameAt()) {
            effects = extended.unnamed().effects();
        } else {
            PreparedStatement statement = text.statement();
            effects = statement == null ? 0 : statement.effects();
        }
        if (mustWait(backend)) {
            return true;
        }
        bindRefusal = refusal(backend);
        return false;
    }

    /** True if the Bind looked at last has been refused. */
    boolean refusesBind(BackendConnection backend) {
        ErrorFields refusal = bindRefusal;
        if (refusal != null) {
            bindRefusal = null;
            FrontendWriter.bind(backend.toServer().append(), "", REFUSED);
            backend.ledger().expectRefusedBind(refusal);
        }
        return refusal != null;
    }

    /**
     * Why the statement must not run; null if it may. PostgreSQL gets one in its place that it refuses, so that a
     * transaction fails as it should; in one that has failed already everything is refused anyhow.
     */
    private @Nullable ErrorFields refusal(BackendConnection backend) {
        if (effects == 0 || (backend.ledger().isEmpty() && backend.status() == TransactionStatus.FAILED)) {
            return null;
        }
        ErrorFields unsafe = session.lease().state().refusal(effects);
        return unsafe == null && SessionEffect.SEQUENCE_READ.in(effects)
                ? session.lease().check.readsSequences(backend, relay.isUnitOpen(), session.lease())
                : unsafe;
    }

    /** DISCARD SEQUENCES goes in front of a unit when it is known that there is no failed transaction. */
    private boolean mustWait(BackendConnection backend) {
        return SessionEffect.SEQUENCE_READ.in(effects)
                && !relay.isUnitOpen()
                && backend.ledger().size() > 0
                && !backend.traces().areSequencesOf(session.lease().settings().owner());
    }
}
