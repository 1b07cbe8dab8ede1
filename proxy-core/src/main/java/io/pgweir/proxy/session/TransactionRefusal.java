package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.sql.StatementKind;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.FrontendType;
import io.pgweir.protocol.wire.FrontendWriter;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.settings.PoolMode;

/** Statement mode has no transaction blocks: BEGIN is refused. On the session's loop. */
final class TransactionRefusal {
    /** No SQL, so that PostgreSQL refuses it. */
    private static final String REFUSED = "pgweir_refuses_transaction_blocks";

    private final ClientSession session;
    private final FrontendRelay relay;
    private final ExtendedRelay extended;
    private final boolean active;

    TransactionRefusal(ClientSession session, FrontendRelay relay, ExtendedRelay extended) {
        this.session = session;
        this.relay = relay;
        this.extended = extended;
        this.active = session.mode() == PoolMode.STATEMENT;
    }

    boolean concerns(StatementKind kind) {
        return active && kind == StatementKind.BEGIN;
    }

    /** A Parse, as far as it is there. */
    boolean concernsParse(ByteBuf in, int at, int available) {
        return active && ExtendedRelay.kindOfParse(in, at, available) == StatementKind.BEGIN;
    }

    /**
     * BEGIN is refused in its turn, which is when nothing is owed; false until then. In the middle of a unit PostgreSQL has
     * to fail it, so that it undoes what came before and skips what follows; the words are ours.
     */
    boolean refuse(BackendConnection backend, byte type) {
        if (relay.isUnitOpen() && type == FrontendType.PARSE) {
            FrontendWriter.parse(backend.toServer().append(), "", REFUSED);
            backend.ledger().expectParse();
            backend.statements().unnamed(null, 0);
            extended.queryDestroysUnnamed();
        } else if (relay.isUnitOpen()) {
            session.closeWith(ClientError.TRANSACTION_IN_STATEMENT_MODE.with());
        } else if (backend.ledger().size() > 0) {
            return relay.holdBack(Held.UNTIL_RELEASED);
        } else {
            relay.fail(ClientError.TRANSACTION_IN_STATEMENT_MODE.with(), type);
        }
        return true;
    }

    /** Whether {@code error} is PostgreSQL's answer to what stood in place of a BEGIN. */
    boolean isCauseOf(ErrorFields error) {
        return active && String.valueOf(error.message()).contains(REFUSED);
    }
}
