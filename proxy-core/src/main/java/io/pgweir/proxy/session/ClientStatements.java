package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.sql.SqlScanner;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.backend.PreparedStatement;
import io.pgweir.proxy.backend.StatementBudget;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The prepared statements of one client, by the names it gave them. A look-up compares bytes in the read buffer and
 * allocates nothing. Linear probing; created only for clients that prepare by name.
 */
final class ClientStatements {
    private static final int INITIAL = 8;

    /** Of all texts together, those counted again that other clients have as well; one client must not fill a small heap. */
    static final int MOST_BYTES = (int)
            Math.min(2 * ExtendedRelay.LONGEST_NAMED_PARSE, Runtime.getRuntime().maxMemory() / 8);

    private byte[] @Nullable [] names = new byte[INITIAL][];
    private @Nullable PreparedStatement[] statements = new PreparedStatement[INITIAL];
    private final int limit;
    private final StatementBudget budget;
    private int size;
    private long bytes;
    private boolean over;

    /** @param limit most statements */
    ClientStatements(int limit, StatementBudget budget) {
        this.limit = limit;
        this.budget = budget;
    }

    int size() {
        return size;
    }

    /** Why one more statement, with a Parse body of so many bytes, is refused; null: it is not. */
    @Nullable
    ErrorFields refusal(int bodyLength) {
        return size < limit && bytes + bodyLength <= MOST_BYTES && budget.hasRoomFor(bodyLength)
                ? null
                : ClientError.TOO_MANY_STATEMENTS.with(size, limit, bytes, MOST_BYTES, budget.held(), budget.most());
    }

    /** The statement named by these bytes, or null. */
    @Nullable
    PreparedStatement get(ByteBuf in, int at, int length) {
        int slot = hash(in, at, length) & (names.length - 1);
        while (true) {
            byte[] name = names[slot];
            if (name == null) {
                return null;
            }
            if (matches(name, in, at, length)) {
                return statements[slot];
            }
            slot = (slot + 1) & (names.length - 1);
        }
    }

    @Nullable
    PreparedStatement get(byte[] name) {
        return statements[find(name)];
    }

    /** The name in a DEALLOCATE, if it is one of these; else null. */
    @Nullable
    String deallocateTarget(ByteBuf in, int from, int to) {
        String target = SqlScanner.deallocateTarget(in, from, to);
        return target == null || get(target.getBytes(StandardCharsets.UTF_8)) == null ? null : target;
    }

    void put(byte[] name, PreparedStatement statement) {
        int slot = find(name);
        if (names[slot] == null) {
            if (2 * (size + 1) > names.length) {
                grow();
                slot = find(name);
            }
            names[slot] = name;
            size++;
        }
        PreparedStatement before = statements[slot];
        if (before != null) {
            left(name, before);
        }
        bytes += statement.body().length;
        if (!over) {
            budget.hold(name, statement);
        }
        statements[slot] = statement;
    }

    private void left(byte[] name, PreparedStatement statement) {
        bytes -= statement.body().length;
        if (!over) {
            budget.letGo(name, statement);
        }
    }

    /** The client has gone, or has forgotten all of them: what may come of them yet does not count any more. */
    void release() {
        for (int i = 0; i < names.length && !over; i++) {
            byte[] name = names[i];
            PreparedStatement statement = statements[i];
            if (name != null && statement != null) {
                budget.letGo(name, statement);
            }
        }
        over = true;
    }

    void remove(byte[] name) {
        int hole = find(name);
        if (names[hole] == null) {
            return;
        }
        PreparedStatement gone = statements[hole];
        if (gone != null) {
            left(name, gone);
        }
        int mask = names.length - 1;
        int slot = hole;
        while (true) {
            slot = (slot + 1) & mask;
            byte[] other = names[slot];
            if (other == null) {
                break;
            }
            int wanted = hash(other) & mask;
            boolean between = hole <= slot ? hole < wanted && wanted <= slot : hole < wanted || wanted <= slot;
            if (!between) {
                names[hole] = other;
                statements[hole] = statements[slot];
                hole = slot;
            }
        }
        names[hole] = null;
        statements[hole] = null;
        size--;
    }

    /** A name that {@code statement} has here, or null. Linear; for error messages. */
    @Nullable
    String nameOf(PreparedStatement statement) {
        for (int i = 0; i < names.length; i++) {
            byte[] name = names[i];
            if (name != null && statements[i] == statement) {
                return new String(name, StandardCharsets.UTF_8);
            }
        }
        return null;
    }

    private int find(byte[] name) {
        int slot = hash(name) & (names.length - 1);
        while (true) {
            byte[] other = names[slot];
            if (other == null || Arrays.equals(other, name)) {
                return slot;
            }
            slot = (slot + 1) & (names.length - 1);
        }
    }

    private void grow() {
        byte[] @Nullable [] oldNames = names;
        @Nullable PreparedStatement[] oldStatements = statements;
        names = new byte[oldNames.length * 2][];
        statements = new PreparedStatement[oldNames.length * 2];
        for (int i = 0; i < oldNames.length; i++) {
            byte[] name = oldNames[i];
            if (name != null) {
                int slot = find(name);
                names[slot] = name;
                statements[slot] = oldStatements[i];
            }
        }
    }

    private static boolean matches(byte[] name, ByteBuf in, int at, int length) {
        if (name.length != length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (name[i] != in.getByte(at + i)) {
                return false;
            }
        }
        return true;
    }

    private static int hash(ByteBuf in, int at, int length) {
        int hash = 0;
        for (int i = 0; i < length; i++) {
            hash = hash * 31 + in.getByte(at + i);
        }
        return spread(hash);
    }

    private static int hash(byte[] name) {
        int hash = 0;
        for (byte b : name) {
            hash = hash * 31 + b;
        }
        return spread(hash);
    }

    private static int spread(int hash) {
        return hash ^ (hash >>> 16);
    }
}
