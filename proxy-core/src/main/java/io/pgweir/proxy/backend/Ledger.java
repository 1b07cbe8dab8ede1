package io.pgweir.proxy.backend;

import io.pgweir.protocol.wire.BackendWriter;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.statistics.StatementTally;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * What has been sent to a backend and what it owes for it, message by message. Whoever puts a message into {@link
 * BackendConnection#toServer} enters here what it obliges PostgreSQL to; {@link ReplyReader} crosses it off. Same thread as
 * its {@link BackendConnection}.
 */
public final class Ledger {
    private final BackendConnection backend;
    private final ReplyQueue owed = new ReplyQueue();
    private final Deque<StatementChange> changes = new ArrayDeque<>(0);
    private final Deque<InternalReply> internals = new ArrayDeque<>(0);
    private long unit;
    private long parses;
    private boolean skippingToSync;
    private boolean copyingIn;
    private boolean ignoredSync;
    private boolean ambiguous;

    Ledger(BackendConnection backend) {
        this.backend = backend;
    }

    // ---- what is sent

    /** A Parse of the client's own has been put into {@link BackendConnection#toServer}; the others alike. */
    public void expectParse() {
        parses++;
        owed.push(Reply.PARSE);
    }

    public void expectParse(StatementChange change) {
        parses++;
        expect(Reply.PARSE, change);
    }

    public void expectBind() {
        owed.push(Reply.BIND);
    }

    public void expectDescribe() {
        owed.push(Reply.DESCRIBE);
    }

    public void expectExecute() {
        owed.push(Reply.EXECUTE);
    }

    /**
     * An Execute of a statement that is counted.
     *
     * @param continued whether its portal has been executed before
     */
    public void expectExecute(@Nullable StatementTally tally, boolean continued) {
        owed.push((byte) (continued ? Reply.EXECUTE | Reply.CONTINUED : Reply.EXECUTE), tally);
    }

    public void expectClose() {
        owed.push(Reply.CLOSE);
    }

    public void expectSync() {
        unit++;
        skippingToSync = false;
        owed.push(Reply.SYNC);
    }

    public void expectQuery() {
        unit++;
        owed.push(Reply.QUERY);
    }

    /** A Query that is counted there; null: nowhere. */
    public void expectQuery(@Nullable StatementTally tally) {
        unit++;
        owed.push(Reply.QUERY, tally);
    }

    /** The same of a Query whose text cannot begin a COPY. */
    public void expectQueryWithoutCopy(@Nullable StatementTally tally) {
        unit++;
        owed.push((byte) (Reply.QUERY | Reply.WITHOUT_COPY), tally);
    }

    public void expectFunction() {
        owed.push(Reply.FUNCTION);
    }

    /** A Parse of our own in the client's unit of work, its reply swallowed. */
    public void expectSwallowedParse() {
        parses++;
        expectSwallowed(Reply.PARSE);
    }

    void expectSwallowedParse(StatementChange change) {
        parses++;
        expectSwallowed(Reply.PARSE, change);
    }

    /** A Close of our own in the client's unit of work, its reply swallowed. */
    public void expectSwallowedClose() {
        expectSwallowed(Reply.CLOSE);
    }

    /** How many Parse messages have been sent for clients' statements since the connection was opened. */
    public long parses() {
        return parses;
    }

    void expectSwallowed(byte reply) {
        owed.push((byte) (reply | Reply.SWALLOW));
    }

    void expectSwallowed(byte reply, StatementChange change) {
        expect((byte) (reply | Reply.SWALLOW), change);
    }

    void expect(byte reply, StatementChange change) {
        changes.addLast(change);
        owed.push((byte) (reply | Reply.STATEMENT));
    }

    void expectInternal(InternalReply reply) {
        internals.addLast(reply);
    }

    /** A ParseComplete that pgweir answers in its turn, at once if nothing is owed before it. */
    public void makeParseComplete(StatementChange change) {
        make(Reply.MADE_PARSE_COMPLETE, change);
    }

    /** A CloseComplete that pgweir answers in its turn. */
    public void makeCloseComplete(@Nullable StatementChange change) {
        make(Reply.MADE_CLOSE_COMPLETE, change);
    }

    /** Replies that {@code change} makes when it completes; it is taken back if PostgreSQL skips what it answers. */
    public void make(StatementChange change) {
        make(Reply.MADE, change);
    }

    /** A Parse that PostgreSQL will refuse, for which the client is told {@code error}. */
    public void expectRefusedParse(ErrorFields error) {
        expectParse(new Refusal(error));
    }

    /** A Bind that PostgreSQL will refuse, for which the client is told {@code error}. */
    public void expectRefusedBind(ErrorFields error) {
        expect(Reply.BIND, new Refusal(error));
    }

    /** A Query that PostgreSQL will refuse, for which the client is told {@code error}. */
    public void expectRefusedQuery(ErrorFields error) {
        unit++;
        expect(Reply.QUERY, new Refusal(error));
    }

    private record Refusal(ErrorFields errorInstead) implements StatementChange {
        @Override
        public void takenBack() {}
    }

    private void make(byte reply, @Nullable StatementChange change) {
        if (change == null) {
            owed.push(reply);
        } else {
            expect(reply, change);
        }
        if (owed.size() == 1) {
            settle();
        }
    }

    /** CopyDone or CopyFail is sent. */
    public void copyEnd() {
        if (copyingIn) {
            copyingIn = false;
        } else if (!owed.isEmpty()) {
            owed.push(Reply.COPY_END);
        }
    }

    // ---- what is known

    /** Between CopyInResponse and the end of the copy: PostgreSQL ignores Sync and Flush. */
    public boolean isCopyingIn() {
        return copyingIn;
    }

    /** PostgreSQL discards everything up to a Sync that has not been sent yet. */
    public boolean isSkippingToSync() {
        return skippingToSync;
    }

    /** True if a Sync that COPY should have ignored may still be answered: nobody else may have this backend. */
    boolean isAmbiguous() {
        return ambiguous;
    }

    /** Number of the unit that is being sent: it rises with every Sync and Query. */
    long unit() {
        return unit;
    }

    /** Replies owed. */
    public int size() {
        return owed.size();
    }

    public boolean isEmpty() {
        return owed.isEmpty();
    }

    /**
     * How many ReadyForQuery the client would get if an error met the oldest message, and then the first of every unit
     * that follows: after an error in the extended protocol a Query is skipped as well, up to Sync.
     */
    public int unitsToFail() {
        int units = 0;
        boolean skipping = skippingToSync;
        for (int i = 0; i < owed.size(); i++) {
            byte reply = owed.peek(i);
            if (Reply.kind(reply) == Reply.SYNC || (Reply.endsWithReady(reply) && !skipping)) {
                skipping = false;
                units += Reply.isSwallowed(reply) ? 0 : 1;
            } else {
                skipping |= Reply.kind(reply) != Reply.COPY_END;
            }
        }
        return units;
    }

    /** Whether an error at the oldest message would leave PostgreSQL waiting for a Sync that has not been sent. */
    public boolean failsIntoOpenUnit() {
        boolean skipping = skippingToSync;
        for (int i = 0; i < owed.size(); i++) {
            byte reply = owed.peek(i);
            boolean fails = !Reply.endsWithReady(reply) && Reply.kind(reply) != Reply.COPY_END;
            skipping = Reply.kind(reply) != Reply.SYNC && (skipping || fails);
        }
        return skipping;
    }

    /** Units of the client's own (Query, FunctionCall, or up to a Sync) that ReadyForQuery is owed for. */
    public int unansweredUnits() {
        int units = 0;
        for (int i = 0; i < owed.size(); i++) {
            byte reply = owed.peek(i);
            if (Reply.endsWithReady(reply) && !Reply.isSwallowed(reply)) {
                units++;
            }
        }
        return units;
    }

    // ---- what is counted

    /** Whether an execution that is counted has not been answered. */
    public boolean hasExecutions() {
        return owed.counted() > 0;
    }

    /** Where the oldest counts; null: nowhere, or it is no execution. */
    public @Nullable StatementTally execution() {
        return owed.tally(0);
    }

    /** Where the oldest execution counts that is still owed, if there is one in the oldest unit of the client's own. */
    public @Nullable StatementTally executionOfUnit() {
        for (int i = 0; i < owed.size() && owed.counted() > 0; i++) {
            StatementTally tally = owed.tally(i);
            byte reply = owed.peek(i);
            if (tally != null || (Reply.endsWithReady(reply) && !Reply.isSwallowed(reply))) {
                return tally;
            }
        }
        return null;
    }

    /** Whether the oldest is an Execute that goes on with its portal. */
    public boolean continuesExecution() {
        return Reply.isContinued(owed.peek());
    }

    /** Whether behind the end of the oldest nothing is owed but ReadyForQuery, or that is its end. */
    public boolean endsWithReady() {
        return Reply.endsWithReady(owed.peek()) || (owed.size() == 2 && Reply.endsWithReady(owed.peek(1)));
    }

    // ---- what is received

    /** What the client is told in place of an error for the oldest; null: that error. */
    @Nullable
    ErrorFields errorInstead() {
        return Reply.changesStatement(owed.peek()) ? changes.getFirst().errorInstead() : null;
    }

    byte head() {
        return owed.peek();
    }

    InternalReply internal() {
        return internals.getFirst();
    }

    InternalReply takeInternal() {
        return internals.removeFirst();
    }

    /** Whether the ReadyForQuery that ends the oldest reply's unit is swallowed: then an error is ours as well. */
    public boolean isUnitSwallowed() {
        for (int i = 0; i < owed.size(); i++) {
            byte reply = owed.peek(i);
            if (Reply.endsWithReady(reply)) {
                return Reply.isSwallowed(reply);
            }
        }
        return false;
    }

    /** The oldest reply has come. */
    void pop() {
        byte reply = owed.pop();
        byte kind = Reply.kind(reply);
        if (kind == Reply.EXECUTE || kind == Reply.QUERY) {
            ignoredSync = false;
            copyingIn = false;
        }
        completed(reply);
        settle();
    }

    /** ReadyForQuery has come. */
    void unitEnded() {
        copyingIn = false;
    }

    /** After an error PostgreSQL discards everything up to Sync; so what was owed for it is not. */
    void failed() {
        copyingIn = false;
        ambiguous |= ignoredSync;
        ignoredSync = false;
        if (Reply.endsWithReady(owed.peek())) {
            return;
        }
        Deque<StatementChange> undone = new ArrayDeque<>();
        while (!owed.isEmpty() && Reply.kind(owed.peek()) != Reply.SYNC) {
            if (Reply.changesStatement(owed.pop())) {
                undone.addFirst(changes.removeFirst());
            }
        }
        for (StatementChange change : undone) {
            change.takenBack();
        }
        skippingToSync = owed.isEmpty();
    }

    /** The Sync that is the oldest now will be swallowed, and {@code then} be told. */
    void swallowSync(InternalReply then) {
        owed.replaceHead((byte) (Reply.SYNC | Reply.SWALLOW));
        internals.addFirst(then);
    }

    /** While copying, PostgreSQL ignores Sync and Flush until CopyDone or CopyFail ("COPY Operations"). */
    void copyInBegins() {
        copyingIn = true;
        while (owed.size() > 1) {
            byte kind = Reply.kind(owed.peek(1));
            if (kind == Reply.SYNC) {
                owed.remove(1);
                ignoredSync = true;
            } else {
                if (kind == Reply.COPY_END) {
                    owed.remove(1);
                    copyingIn = false;
                }
                return;
            }
        }
    }

    /** Supplies what we answer ourselves and drops what is answered by nothing, up to the next real reply. */
    private void settle() {
        while (!owed.isEmpty()) {
            byte reply = owed.peek();
            byte kind = Reply.kind(reply);
            if (kind == Reply.MADE_PARSE_COMPLETE || kind == Reply.MADE_CLOSE_COMPLETE) {
                supply(kind);
            } else if (kind != Reply.MADE && kind != Reply.COPY_END) {
                return;
            }
            owed.pop();
            completed(reply);
        }
    }

    private void supply(byte kind) {
        Attachment attachment = backend.attachment();
        if (attachment == null) {
            return;
        }
        if (kind == Reply.MADE_PARSE_COMPLETE) {
            BackendWriter.parseComplete(attachment.toClient().append());
        } else {
            BackendWriter.closeComplete(attachment.toClient().append());
        }
    }

    private void completed(byte reply) {
        if (Reply.changesStatement(reply)) {
            changes.removeFirst().completed();
        }
    }

    /** Takes back every outstanding change: the connection is gone. */
    void abandon() {
        while (!changes.isEmpty()) {
            changes.removeLast().takenBack();
        }
        internals.clear();
    }
}
