package io.pgweir.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.FrontendWriter;
import io.pgweir.proxy.net.Outbound;
import org.jspecify.annotations.Nullable;

/**
 * The shared prepared statements on one backend: prepares them in front of messages that use them, closes the least recently
 * used for want of room, and those whose plan is stale. Same thread as its {@link BackendConnection}.
 */
public final class ServerStatements {
    /** No SQL; as a name it keeps the failing Parse from destroying the unnamed statement. */
    private static final String REFUSED = PreparedStatement.NAME_PREFIX + "refuses";

    private final BackendStatements known;
    private final Outbound toServer;
    private final Ledger ledger;
    private @Nullable Object unnamedOwner;
    private long unnamedVersion;

    ServerStatements(int limit, Outbound toServer, Ledger ledger) {
        this.known = new BackendStatements(limit);
        this.toServer = toServer;
        this.ledger = ledger;
    }

    /** Makes sure PostgreSQL knows {@code statement}, in front of a message that uses it. */
    public void prepare(PreparedStatement statement) {
        if (!has(statement)) {
            ledger.expectSwallowedParse(sendParse(statement));
        }
    }

    /** The same for a message of pgweir's own. */
    void prepareOwn(PreparedStatement statement) {
        if (!has(statement)) {
            ledger.expectSwallowed(Reply.PARSE, sendParse(statement));
        }
    }

    /** Prepares {@code statement}, which is not prepared here, for a client that asked for it: the reply is the client's. */
    public void prepareForClient(PreparedStatement statement, StatementChange change) {
        StatementChange here = sendParse(statement);
        ledger.expectParse(new StatementChange() {
            @Override
            public void completed() {
                here.completed();
                change.completed();
            }

            @Override
            public void takenBack() {
                here.takenBack();
                change.takenBack();
            }
        });
    }

    /** Sends a Parse that must fail because its name is taken, so that PostgreSQL itself says so, or why else it fails. */
    public void prepareTwice(PreparedStatement statement, StatementChange change) {
        prepare(statement);
        writeParse(toServer.append(), statement);
        ledger.expectParse(change);
    }

    /** Sends a Parse that must fail because it is no SQL, for one of the client's that it is told {@code error} about. */
    public void refuse(ErrorFields error) {
        FrontendWriter.parse(toServer.append(), REFUSED, REFUSED);
        ledger.expectRefusedParse(error);
    }

    private StatementChange sendParse(PreparedStatement statement) {
        for (PreparedStatement evicted = known.toEvictFor(statement);
                evicted != null;
                evicted = known.toEvictFor(statement)) {
            writeClose(evicted);
            ledger.expectSwallowed(Reply.CLOSE, known.evicting(evicted, ledger.unit()));
        }
        BackendStatements.Preparation preparation = known.preparing(statement, ledger.unit());
        if (preparation.closesFirst()) {
            writeClose(statement);
            ledger.expectSwallowed(Reply.CLOSE, preparation.closing());
        }
        writeParse(toServer.append(), statement);
        return preparation;
    }

    /** True if a message of this unit may use {@code statement}; counts as a use. */
    public boolean has(PreparedStatement statement) {
        return known.use(statement, ledger.unit());
    }

    /** Its plan here is stale; it is closed and prepared anew when it is used. */
    public void markStale(PreparedStatement statement) {
        known.markStale(statement);
    }

    /** PostgreSQL does not know {@code statement} any more. */
    public void forget(PreparedStatement statement) {
        known.remove(statement);
    }

    private void writeClose(PreparedStatement statement) {
        byte[] name = statement.serverName();
        ByteBuf out = toServer.append();
        out.writeByte('C')
                .writeInt(4 + 1 + name.length + 1)
                .writeByte('S')
                .writeBytes(name)
                .writeByte(0);
    }

    /** Parse under the statement's name on backends. */
    private static void writeParse(ByteBuf out, PreparedStatement statement) {
        byte[] name = statement.serverName();
        byte[] body = statement.body();
        out.writeByte('P').writeInt(4 + name.length + 1 + body.length);
        out.writeBytes(name).writeByte(0).writeBytes(body);
    }

    /** Whether the unnamed statement here is the one {@code client} sent as {@code version}. */
    public boolean unnamedIs(Object client, long version) {
        return unnamedOwner == client && unnamedVersion == version;
    }

    /** The unnamed statement here is now that of {@code client}, or nobody's. */
    public void unnamed(@Nullable Object client, long version) {
        unnamedOwner = client;
        unnamedVersion = version;
    }

    /** PostgreSQL knows none any more. */
    void clear() {
        known.clear();
        unnamedOwner = null;
    }
}
