package io.pgweir.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.wire.BackendType;
import io.pgweir.protocol.wire.BackendWriter;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.FrameScanner;
import io.pgweir.protocol.wire.Limits;
import io.pgweir.protocol.wire.ParameterStatus;
import io.pgweir.proxy.net.Outbound;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Holds what PostgreSQL sends against what it owes, and forwards, swallows or supplies replies accordingly. Same thread
 * as its {@link BackendConnection}.
 */
final class ReplyReader implements FrameScanner.Sink {
    private final BackendConnection backend;
    private final ReplyQueue owed = new ReplyQueue();
    private final Deque<StatementChange> changes = new ArrayDeque<>(0);
    private final Deque<InternalReply> internals = new ArrayDeque<>(0);
    private @Nullable ErrorFields internalError;
    private boolean forwardingRest;
    private boolean skippingToSync;
    private boolean copyingIn;
    private boolean ignoredSync;
    private boolean ambiguous;
    private @Nullable ByteBuf scanning;

    ReplyReader(BackendConnection backend) {
        this.backend = backend;
    }

    // ---- what is sent

    void expect(byte reply) {
        if (Reply.kind(reply) == Reply.SYNC) {
            skippingToSync = false;
        }
        owed.push(reply);
    }

    void expect(byte reply, StatementChange change) {
        changes.addLast(change);
        owed.push((byte) (reply | Reply.STATEMENT));
    }

    void expectInternal(InternalReply reply) {
        internals.addLast(reply);
    }

    /** A reply of our own, in its turn; at once if nothing is owed before it. */
    void make(byte reply, @Nullable StatementChange change) {
        if (change == null) {
            owed.push(reply);
        } else {
            expect(reply, change);
        }
        if (owed.size() == 1) {
            settle();
        }
    }

    void copyEnd() {
        if (copyingIn) {
            copyingIn = false;
        } else if (!owed.isEmpty()) {
            owed.push(Reply.COPY_END);
        }
    }

    boolean isCopyingIn() {
        return copyingIn;
    }

    boolean isSkippingToSync() {
        return skippingToSync;
    }

    /** True if a Sync that COPY should have ignored may still be answered: nobody else may have this backend. */
    boolean isAmbiguous() {
        return ambiguous;
    }

    boolean isForwardingRest() {
        return forwardingRest;
    }

    int unansweredUnits() {
        int units = 0;
        for (int i = 0; i < owed.size(); i++) {
            byte reply = owed.peek(i);
            if (Reply.endsWithReady(reply) && !Reply.isSwallowed(reply)) {
                units++;
            }
        }
        return units;
    }

    ReplyQueue owed() {
        return owed;
    }

    // ---- what is received

    void attachmentChanged() {
        Attachment attachment = backend.attachment();
        if (scanning != null && attachment != null) {
            attachment.toClient().begin(scanning);
        }
    }

    @Override
    public void begin(ByteBuf in) {
        scanning = in;
        attachmentChanged();
    }

    @Override
    public void end(ByteBuf in) {
        scanning = null;
        Attachment attachment = backend.attachment();
        if (attachment != null) {
            attachment.toClient().end();
        }
    }

    @Override
    public int required(byte type, ByteBuf in, int at, int length, int available) {
        switch (type) {
            case BackendType.DATA_ROW:
                return Reply.isSwallowed(owed.peek()) ? length : FrameScanner.HEADER;
            case BackendType.ROW_DESCRIPTION:
                // The end of a Describe: a reply of our own may follow at once, and must not land inside it.
                return length;
            case BackendType.NOTIFICATION_RESPONSE:
            case BackendType.READY_FOR_QUERY:
            case BackendType.COMMAND_COMPLETE:
            case BackendType.PARAMETER_STATUS:
            case BackendType.ERROR_RESPONSE:
                return Math.min(length, Limits.ERROR_RESPONSE);
            default:
                return FrameScanner.HEADER;
        }
    }

    @Override
    public boolean frame(byte type, ByteBuf in, int at, int length, int available) {
        byte head = owed.peek();
        byte kind = Reply.kind(head);
        boolean swallow = Reply.isSwallowed(head);
        forwardingRest = false;
        switch (type) {
            case BackendType.DATA_ROW:
                if (swallow) {
                    internal().row(in.slice(at + FrameScanner.HEADER, length - FrameScanner.HEADER));
                } else {
                    require(kind == Reply.EXECUTE || kind == Reply.QUERY, type, head);
                    forward(in, at, available);
                }
                return true;
            case BackendType.COMMAND_COMPLETE:
                require(kind == Reply.EXECUTE || kind == Reply.QUERY, type, head);
                commandComplete(in, at, available, swallow);
                forwardUnless(swallow, in, at, available);
                popIf(kind == Reply.EXECUTE);
                return true;
            case BackendType.READY_FOR_QUERY:
                require(Reply.endsWithReady(head), type, head);
                readyForQuery(in, at, available, swallow);
                return true;
            case BackendType.BIND_COMPLETE:
                return complete(type, kind == Reply.BIND, head, in, at, available);
            case BackendType.PARSE_COMPLETE:
                return complete(type, kind == Reply.PARSE, head, in, at, available);
            case BackendType.CLOSE_COMPLETE:
                return complete(type, kind == Reply.CLOSE, head, in, at, available);
            case BackendType.ROW_DESCRIPTION:
                if (kind == Reply.DESCRIBE) {
                    return complete(type, true, head, in, at, available);
                }
                require(kind == Reply.QUERY, type, head);
                forwardUnless(swallow, in, at, available);
                return true;
            case BackendType.NO_DATA:
                return complete(type, kind == Reply.DESCRIBE, head, in, at, available);
            case BackendType.PARAMETER_DESCRIPTION:
                require(kind == Reply.DESCRIBE, type, head);
                forwardUnless(swallow, in, at, available);
                return true;
            case BackendType.PORTAL_SUSPENDED:
                return complete(type, kind == Reply.EXECUTE, head, in, at, available);
            case BackendType.EMPTY_QUERY_RESPONSE:
                require(kind == Reply.EXECUTE || kind == Reply.QUERY, type, head);
                forwardUnless(swallow, in, at, available);
                popIf(kind == Reply.EXECUTE);
                return true;
            case BackendType.COPY_IN_RESPONSE:
                require(kind == Reply.EXECUTE || kind == Reply.QUERY, type, head);
                copyInBegins();
                forward(in, at, available);
                return true;
            case BackendType.COPY_OUT_RESPONSE:
            case BackendType.COPY_BOTH_RESPONSE:
            case BackendType.COPY_DATA:
            case BackendType.COPY_DONE:
                require(kind == Reply.EXECUTE || kind == Reply.QUERY, type, head);
                forwardUnless(swallow, in, at, available);
                return true;
            case BackendType.FUNCTION_CALL_RESPONSE:
                require(kind == Reply.FUNCTION, type, head);
                forward(in, at, available);
                return true;
            case BackendType.ERROR_RESPONSE:
                error(in, at, length, available, head);
                return true;
            case BackendType.NOTICE_RESPONSE:
                if (head != Reply.NONE || wantsNotifications()) {
                    forwardUnless(swallow, in, at, available);
                }
                return true;
            case BackendType.PARAMETER_STATUS:
                parameterStatus(in, at, available);
                return true;
            case BackendType.NOTIFICATION_RESPONSE:
                if (wantsNotifications()) {
                    forward(in, at, available);
                }
                return true;
            default:
                throw surprise(type, head);
        }
    }

    @Override
    public void rest(ByteBuf in, int at, int length) {
        if (forwardingRest) {
            forward(in, at, length);
        }
    }

    private boolean wantsNotifications() {
        Attachment attachment = backend.attachment();
        return attachment != null && attachment.wantsNotifications();
    }

    private void forward(ByteBuf in, int at, int length) {
        forwardingRest = true;
        Attachment attachment = backend.attachment();
        if (attachment != null) {
            attachment.toClient().forward(at, length);
        }
    }

    private void forwardUnless(boolean swallow, ByteBuf in, int at, int length) {
        if (!swallow) {
            forward(in, at, length);
        }
    }

    private boolean complete(byte type, boolean expected, byte head, ByteBuf in, int at, int available) {
        require(expected, type, head);
        forwardUnless(Reply.isSwallowed(head), in, at, available);
        pop();
        return true;
    }

    private void commandComplete(ByteBuf in, int at, int length, boolean swallow) {
        int body = at + FrameScanner.HEADER;
        int bodyLength = length - FrameScanner.HEADER;
        backend.commandCompleted(in, body, bodyLength);
        Attachment attachment = backend.attachment();
        if (!swallow && attachment != null) {
            attachment.commandComplete(in, body, bodyLength);
        }
    }

    private void readyForQuery(ByteBuf in, int at, int available, boolean swallow) {
        byte status = in.getByte(at + FrameScanner.HEADER);
        backend.status(status);
        copyingIn = false;
        if (swallow) {
            InternalReply internal = internals.removeFirst();
            ErrorFields error = internalError;
            internalError = null;
            pop();
            internal.done(error);
            return;
        }
        forward(in, at, available);
        pop();
        Attachment attachment = backend.attachment();
        if (attachment != null) {
            attachment.readyForQuery(status);
        }
    }

    private void parameterStatus(ByteBuf in, int at, int length) {
        ParameterStatus parameter =
                ParameterStatus.decode(in.slice(at + FrameScanner.HEADER, length - FrameScanner.HEADER));
        backend.parameters().put(parameter.name(), parameter.value());
        Attachment attachment = backend.attachment();
        if (attachment != null) {
            attachment.parameterStatus(parameter.name(), parameter.value());
        }
    }

    private void error(ByteBuf in, int at, int length, int available, byte head) {
        ErrorFields error = ErrorFields.decode(
                in.slice(at + FrameScanner.HEADER, Math.min(length, available) - FrameScanner.HEADER));
        if (isFatal(error)) {
            backend.fatal(error);
            return;
        }
        if (head == Reply.NONE) {
            // Not fatal and nobody asked: PostgreSQL says so, e.g. of a configuration reload. Nobody's reply.
            return;
        }
        boolean ours = endIsSwallowed();
        ErrorAction action = ErrorAction.SUPPRESS;
        if (ours) {
            if (internalError == null) {
                internalError = error;
            }
        } else {
            Attachment attachment = backend.attachment();
            action = attachment == null ? ErrorAction.SUPPRESS : attachment.errorForClient(error);
            if (action == ErrorAction.FORWARD) {
                forward(in, at, available);
            }
        }
        copyingIn = false;
        ambiguous |= ignoredSync;
        ignoredSync = false;
        if (!Reply.endsWithReady(head)) {
            skipToSync();
        }
        if (action == ErrorAction.REPLAY) {
            owed.replaceHead((byte) (Reply.SYNC | Reply.SWALLOW));
            internals.addFirst(ignored -> {
                Attachment attachment = backend.attachment();
                if (attachment != null) {
                    attachment.replay();
                }
            });
        }
    }

    /** Whether the ReadyForQuery that ends the oldest reply's unit is swallowed: then the error is ours as well. */
    private boolean endIsSwallowed() {
        for (int i = 0; i < owed.size(); i++) {
            byte reply = owed.peek(i);
            if (Reply.endsWithReady(reply)) {
                return Reply.isSwallowed(reply);
            }
        }
        return false;
    }

    /** After an error PostgreSQL discards everything up to Sync; so what was owed for it is not. */
    private void skipToSync() {
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

    private void copyInBegins() {
        copyingIn = true;
        // While copying, PostgreSQL ignores Sync and Flush until CopyDone or CopyFail ("COPY Operations").
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

    private void popIf(boolean completes) {
        if (completes) {
            pop();
        }
    }

    private void pop() {
        byte reply = owed.pop();
        if (Reply.kind(reply) == Reply.EXECUTE || Reply.kind(reply) == Reply.QUERY) {
            ignoredSync = false;
            copyingIn = false;
        }
        if (Reply.changesStatement(reply)) {
            changes.removeFirst().completed();
        }
        settle();
    }

    /** Supplies what we answer ourselves and drops what is answered by nothing, up to the next real reply. */
    private void settle() {
        while (!owed.isEmpty()) {
            byte reply = owed.peek();
            byte kind = Reply.kind(reply);
            if (kind == Reply.MADE_PARSE_COMPLETE || kind == Reply.MADE_CLOSE_COMPLETE) {
                Outbound out = toClient();
                if (out != null && kind == Reply.MADE_PARSE_COMPLETE) {
                    BackendWriter.parseComplete(out.append());
                } else if (out != null) {
                    BackendWriter.closeComplete(out.append());
                }
            } else if (kind != Reply.COPY_END) {
                return;
            }
            owed.pop();
            if (Reply.changesStatement(reply)) {
                changes.removeFirst().completed();
            }
        }
    }

    private @Nullable Outbound toClient() {
        Attachment attachment = backend.attachment();
        return attachment == null ? null : attachment.toClient();
    }

    private InternalReply internal() {
        return internals.getFirst();
    }

    private static boolean isFatal(ErrorFields error) {
        String severity = error.severity();
        return "FATAL".equals(severity) || "PANIC".equals(severity);
    }

    private void require(boolean expected, byte type, byte head) {
        if (!expected) {
            throw surprise(type, head);
        }
    }

    private static DesynchronisedException surprise(byte type, byte head) {
        return new DesynchronisedException(
                "the server sent " + BackendType.nameOf(type) + " where it owed " + Reply.name(head));
    }

    /** Takes back every outstanding change: the connection is gone. */
    void abandon() {
        while (!changes.isEmpty()) {
            changes.removeLast().takenBack();
        }
        internals.clear();
    }
}
