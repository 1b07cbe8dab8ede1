package io.pgweir.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgweir.protocol.sql.StatementKind;
import io.pgweir.proxy.statistics.StatementTally;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A statement that clients prepared by name: one instance for all clients of a pool that sent the same text and parameter
 * types and to whom the text means the same ({@link ParseContext}), or one client's alone. Immutable, but for where each loop
 * counts it and how many names it has. Thread-safe.
 *
 * <p>Its name on backends is made from a number that is never used again, so a name never means two texts.
 */
public final class PreparedStatement {
    /** Names begin with this on every backend, so that they cannot meet a client's own. */
    public static final String NAME_PREFIX = "pgweir_";

    private static final @Nullable StatementTally[] NOWHERE = {};

    private final byte[] body;
    private final byte[] serverName;
    private final StatementKind kind;
    private final int effects;
    private final @Nullable SessionSettings context;
    private final @Nullable PreparedStatement original;
    /** Names that clients have given to it. */
    private final AtomicInteger names = new AtomicInteger();
    /** By loop; an array is not changed once it is here. */
    private volatile @Nullable StatementTally[] tallies = NOWHERE;

    /**
     * @param body the Parse message behind the name: text, terminator, parameter types
     * @param number unique within the process
     * @param effects a mask of {@link io.pgweir.protocol.sql.SessionEffect}s
     * @param context the settings it is shared under; null: it is not shared
     */
    PreparedStatement(byte[] body, long number, StatementKind kind, int effects, @Nullable SessionSettings context) {
        this(body, number, kind, effects, context, null);
    }

    private PreparedStatement(
            byte[] body,
            long number,
            StatementKind kind,
            int effects,
            @Nullable SessionSettings context,
            @Nullable PreparedStatement original) {
        this.body = body;
        this.kind = kind;
        this.effects = effects;
        this.context = context;
        this.original = original;
        this.serverName =
                (NAME_PREFIX + Long.toString(number, Character.MAX_RADIX)).getBytes(StandardCharsets.US_ASCII);
    }

    /** The same for one client alone, under another name. */
    PreparedStatement copy(long number) {
        return new PreparedStatement(body, number, kind, effects, null, this);
    }

    /** The shared statement that this one client's copy was made from; itself if it is none. */
    public PreparedStatement original() {
        return original == null ? this : original;
    }

    /** Whether it may be prepared for a client of this context, as far as others are concerned. */
    public boolean fits(ParseContext present) {
        return context == null || context.equals(present.forText(body));
    }

    public boolean isShared() {
        return context != null;
    }

    @Nullable
    SessionSettings context() {
        return context;
    }

    /** The Parse message behind the name. Do not modify. */
    public byte[] body() {
        return body;
    }

    /** A client has given a name to it. @return whether nobody else has */
    boolean heldOnceMore() {
        return names.getAndIncrement() == 0;
    }

    /** A name is gone. @return whether it was the last */
    boolean heldOnceLess() {
        return names.decrementAndGet() == 0;
    }

    /** Name on backends, without terminator. Do not modify. */
    public byte[] serverName() {
        return serverName;
    }

    /** Its SQL. */
    public ByteBuf text() {
        ByteBuf bytes = Unpooled.wrappedBuffer(body);
        int end = bytes.bytesBefore((byte) 0);
        return end < 0 ? bytes : bytes.writerIndex(end);
    }

    /** Where a loop counts its executions; null: it has not yet. On that loop. */
    public @Nullable StatementTally tally(int loop) {
        @Nullable StatementTally[] known = tallies;
        return loop < known.length ? known[loop] : null;
    }

    /** From now on the loop counts them there. On that loop. */
    public synchronized void tally(int loop, StatementTally tally) {
        @Nullable StatementTally[] changed = Arrays.copyOf(tallies, Math.max(tallies.length, loop + 1));
        changed[loop] = tally;
        tallies = changed;
    }

    public StatementKind kind() {
        return kind;
    }

    /** Whether PostgreSQL parses it in a failed transaction: nothing but what may end that. */
    public boolean endsFailedTransaction() {
        return switch (kind) {
            case COMMIT, ROLLBACK, ROLLBACK_TO, PREPARE_TRANSACTION, EMPTY -> true;
            default -> false;
        };
    }

    /** A name no backend knows goes out as it is, so that PostgreSQL's error carries it; ours are not for guessing. */
    public static byte[] foreignName(byte[] name) {
        boolean ours = new String(name, StandardCharsets.ISO_8859_1).startsWith(NAME_PREFIX);
        return ours ? "?".getBytes(StandardCharsets.US_ASCII) : name;
    }

    /** What it may do to the session: a mask of {@link io.pgweir.protocol.sql.SessionEffect}s. */
    public int effects() {
        return effects;
    }
}
