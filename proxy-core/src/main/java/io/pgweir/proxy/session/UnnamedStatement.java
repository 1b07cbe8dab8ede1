package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.pgweir.protocol.sql.StatementKind;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.StatementChange;
import io.pgweir.proxy.statistics.StatementTally;
import org.jspecify.annotations.Nullable;

/**
 * The unnamed prepared statement of one client. PostgreSQL keeps it until the next Parse of the unnamed statement or the
 * next Query, across Sync; so it is remembered, to be parsed again where the client continues.
 */
final class UnnamedStatement {
    /** Longer ones are not remembered; the session then stays with its backend until the statement has been used. */
    static final int MOST_REMEMBERED = 64 << 10;

    private static final byte[] EMPTY = {};

    private byte[] body = EMPTY;
    private ByteBuf text = Unpooled.EMPTY_BUFFER; // the same bytes
    private int length = -1;
    /** How much of {@link #body} is still that of the last Parse, also when the statement is no more. */
    private int lastLength = -1;

    private long version;
    private boolean tooLong;
    private boolean used;
    private int outstanding;
    private StatementKind kind = StatementKind.OTHER;
    private int effects;
    private boolean standardStrings;
    private @Nullable StatementTally tally;

    /**
     * Takes back a Parse that failed or was skipped, unless a later one is on its way; which statement the backend has now
     * is nobody's business.
     */
    private final StatementChange parsed = new StatementChange() {
        @Override
        public void completed() {
            outstanding--;
        }

        @Override
        public void takenBack() {
            if (--outstanding > 0) {
                return;
            }
            forget();
            BackendConnection backend = onBackend;
            if (backend != null) {
                backend.statements().unnamed(null, 0);
            }
        }
    };

    private @Nullable BackendConnection onBackend;

    /** A Parse is being forwarded to {@code backend}: {@code in} holds its body behind the name. */
    StatementChange parse(
            BackendConnection backend,
            ByteBuf in,
            int at,
            int bodyLength,
            boolean complete,
            StatementKind ofKind,
            int withEffects,
            boolean withStandardStrings) {
        kind = ofKind;
        effects = withEffects;
        standardStrings = withStandardStrings;
        tooLong = !complete || bodyLength > MOST_REMEMBERED;
        if (tooLong) {
            keep(EMPTY);
            lastLength = -1;
        } else {
            if (body.length < bodyLength || body.length > 4 * bodyLength + 1024) {
                keep(new byte[bodyLength]);
            }
            in.getBytes(at, body, 0, bodyLength);
            lastLength = bodyLength;
        }
        return begins(backend);
    }

    private void keep(byte[] array) {
        body = array;
        text = Unpooled.wrappedBuffer(array);
    }

    /** As {@link #parse}, of what {@link #isAgain} has found to be the last Parse once more. */
    StatementChange parseAgain(BackendConnection backend) {
        tooLong = false;
        return begins(backend);
    }

    private StatementChange begins(BackendConnection backend) {
        version++;
        outstanding++;
        used = false;
        length = lastLength;
        backend.statements().unnamed(this, version);
        onBackend = backend;
        return parsed;
    }

    /** Whether a Parse message has, behind the name, what the last one had, to be read as that was. */
    boolean isAgain(ByteBuf in, int at, int bodyLength, boolean withStandardStrings) {
        return bodyLength == lastLength
                && withStandardStrings == standardStrings
                && ByteBufUtil.equals(in, at, text, 0, bodyLength);
    }

    StatementKind kind() {
        return kind;
    }

    /** Tells {@code backend} that this is what it runs; false if the text is not kept. */
    boolean note(BackendConnection backend) {
        if (length < 0) {
            return false;
        }
        backend.running().kept(body, length);
        return true;
    }

    /** The Parse message behind the name, possibly followed by more; null if it is not known. Do not modify. */
    byte @Nullable [] body() {
        return length < 0 ? null : body;
    }

    /** What it may do to the session. */
    int effects() {
        return effects;
    }

    /** Where its executions count; null if they do not. */
    @Nullable
    StatementTally tally() {
        return tally;
    }

    void tally(@Nullable StatementTally of) {
        tally = of;
    }

    /** Makes sure that the unnamed statement on {@code backend} is this client's, in front of a message that uses it. */
    void ensure(BackendConnection backend) {
        used = true;
        if (backend.statements().unnamedIs(this, version)) {
            return;
        }
        ByteBuf out = backend.toServer().append();
        if (length < 0) {
            // Nothing to use. PostgreSQL shall say so, rather than use what another client left there.
            out.writeByte('C').writeInt(4 + 1 + 1).writeByte('S').writeByte(0);
            backend.ledger().expectSwallowedClose();
            backend.statements().unnamed(null, 0);
            return;
        }
        out.writeByte('P').writeInt(4 + 1 + length).writeByte(0).writeBytes(body, 0, length);
        backend.ledger().expectSwallowedParse();
        backend.statements().unnamed(this, version);
        onBackend = backend;
    }

    /** True if the session must stay with its backend: the statement is there, too long to remember, and not used yet. */
    boolean holdsBackend() {
        return tooLong && !used;
    }

    /** A Query or a Close has destroyed it. */
    void forget() {
        length = -1;
        tooLong = false;
        version++;
    }

    /** The backend is given back. */
    void released() {
        onBackend = null;
    }
}
