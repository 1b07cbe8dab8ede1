package io.pgweir.proxy.backend;

import io.pgweir.protocol.wire.FrontendWriter;
import io.pgweir.proxy.net.Outbound;
import java.nio.charset.StandardCharsets;

/** Writes an extended-protocol conversation of pgweir's own; every reply to it is swallowed. End with {@link #sync}. */
public final class InternalConversation {
    private final Outbound out;
    private final Ledger ledger;
    private final ServerStatements statements;

    InternalConversation(Outbound out, Ledger ledger, ServerStatements statements) {
        this.out = out;
        this.ledger = ledger;
        this.statements = statements;
    }

    /** Runs {@code sql} with text parameters. */
    public InternalConversation execute(String sql, String... parameters) {
        FrontendWriter.parse(out.append(), "", sql);
        FrontendWriter.bind(out.append(), "", "", parameters);
        FrontendWriter.execute(out.append(), "", 0);
        ledger.expectSwallowed(Reply.PARSE);
        ledger.expectSwallowed(Reply.BIND);
        ledger.expectSwallowed(Reply.EXECUTE);
        return this;
    }

    /** Runs a prepared statement with text parameters; prepares it where it is not yet. */
    public InternalConversation execute(PreparedStatement statement, String... parameters) {
        statements.prepareOwn(statement);
        FrontendWriter.bind(
                out.append(), "", new String(statement.serverName(), StandardCharsets.US_ASCII), parameters);
        FrontendWriter.execute(out.append(), "", 0);
        ledger.expectSwallowed(Reply.BIND);
        ledger.expectSwallowed(Reply.EXECUTE);
        return this;
    }

    /** Ends it. */
    public void sync() {
        FrontendWriter.sync(out.append());
        ledger.expectSwallowed(Reply.SYNC);
    }
}
