package io.pgweir.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.pgweir.protocol.sql.SessionEffectReader;
import io.pgweir.protocol.sql.SqlScanner;
import io.pgweir.protocol.sql.StatementKind;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The prepared statements of one pool, by content and what it means to the client. An entry lives as long as a client or a backend refers to it.
 * Thread-safe.
 */
public final class StatementRegistry {
    private final Map<Content, Entry> entries = new ConcurrentHashMap<>();
    private final ReferenceQueue<PreparedStatement> unused = new ReferenceQueue<>();
    private final AtomicLong numbers;
    private final StatementBudget budget;

    /** One with a budget of its own. */
    public StatementRegistry(AtomicLong numbers) {
        this(numbers, new StatementBudget());
    }

    /**
     * @param numbers source of statement numbers, shared by all pools of the process
     * @param budget shared by them as well
     */
    public StatementRegistry(AtomicLong numbers, StatementBudget budget) {
        this.numbers = numbers;
        this.budget = budget;
    }

    /** What clients' names for these statements count in. */
    public StatementBudget budget() {
        return budget;
    }

    /** The statement with this Parse body, for those who have set nothing. */
    public PreparedStatement intern(ByteBuf in, int at, int length) {
        return intern(in, at, length, ParseContext.NONE);
    }

    /** The statement with this Parse body for a client of this context; a new one if there is none that may be shared. */
    public PreparedStatement intern(ByteBuf in, int at, int length, ParseContext context) {
        drop();
        byte[] body = ByteBufUtil.getBytes(in, at, length);
        Content content = new Content(body, context.forText(body));
        while (true) {
            Entry entry = entries.get(content);
            PreparedStatement known = entry == null ? null : entry.get();
            if (known != null) {
                return known;
            }
            PreparedStatement made = create(body, content.context);
            if (!made.isShared()) {
                return made;
            }
            Entry fresh = new Entry(made, content, unused);
            if (entry == null ? entries.putIfAbsent(content, fresh) == null : entries.replace(content, entry, fresh)) {
                return made;
            }
        }
    }

    /** A statement with this Parse body for one client alone. */
    public PreparedStatement unshared(ByteBuf in, int at, int length) {
        return create(ByteBufUtil.getBytes(in, at, length), null);
    }

    /** The same as {@code shared} for one client alone. */
    public PreparedStatement copy(PreparedStatement shared) {
        return shared.copy(numbers.incrementAndGet());
    }

    /** From now on {@link #intern} gives a new statement for this content: backends hold the old one with a stale plan. */
    public void retire(PreparedStatement statement) {
        SessionSettings context = statement.context();
        if (context == null) {
            return;
        }
        Content content = new Content(statement.body(), context);
        Entry entry = entries.get(content);
        if (entry != null && entry.get() == statement) {
            entries.remove(content, entry);
        }
    }

    int size() {
        drop();
        return entries.size();
    }

    private PreparedStatement create(byte[] body, @Nullable SessionSettings context) {
        ByteBuf text = Unpooled.wrappedBuffer(body);
        int end = text.bytesBefore((byte) 0);
        int to = end < 0 ? body.length : end;
        StatementKind kind = SqlScanner.classify(text, 0, to);
        SessionEffectReader reader = new SessionEffectReader();
        int effects = reader.read(text, 0, to, false, true);
        if (text.indexOf(0, to, (byte) '\\') >= 0 && text.indexOf(0, to, (byte) '\'') >= 0) {
            effects |= reader.read(text, 0, to, false, false); // where its strings end depends on the session
        }
        SessionSettings sharedUnder = MomentWords.areIn(body, to) ? null : context;
        return new PreparedStatement(body, numbers.incrementAndGet(), kind, effects, sharedUnder);
    }

    private void drop() {
        Object reference = unused.poll();
        while (reference != null) {
            Entry entry = (Entry) reference;
            entries.remove(entry.content, entry);
            reference = unused.poll();
        }
    }

    private static final class Entry extends WeakReference<PreparedStatement> {
        private final Content content;

        Entry(PreparedStatement statement, Content content, ReferenceQueue<PreparedStatement> queue) {
            super(statement, queue);
            this.content = content;
        }
    }

    private static final class Content {
        private final byte[] body;
        private final SessionSettings context;
        private final int hash;

        Content(byte[] body, SessionSettings context) {
            this.body = body;
            this.context = context;
            this.hash = Arrays.hashCode(body) + context.hashCode();
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Content that
                    && hash == that.hash
                    && context.equals(that.context)
                    && Arrays.equals(body, that.body);
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }
}
