package io.pgweir.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.wire.BackendType;
import io.pgweir.protocol.wire.BackendWriter;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.FrameScanner;
import io.pgweir.protocol.wire.Limits;
import io.pgweir.protocol.wire.ParameterStatus;
import io.pgweir.protocol.wire.SqlState;
import io.pgweir.protocol.wire.TransactionStatus;
import org.jspecify.annotations.Nullable;

/**
 * Holds what PostgreSQL sends against what it owes, and forwards, swallows or supplies replies accordingly. Same thread
 * as its {@link BackendConnection}.
 */
final class ReplyReader implements FrameScanner.Sink {
    /** Rows up to this length go out whole or not at all: nothing can be said to a client that has half a row. */
    private static final int WHOLE_ROW = 16 * 1024;

    private final BackendConnection backend;
    private final Ledger ledger;
    private @Nullable ErrorFields internalError;
    private boolean forwardingRest;
    private boolean unitAnswered;
    private long rows;
    private int gathered;
    private @Nullable ByteBuf scanning;
    private final LastHeard heard = new LastHeard();

    ReplyReader(BackendConnection backend, Ledger ledger) {
        this.backend = backend;
        this.ledger = ledger;
    }

    /** Whether part of the answer to the oldest unit has been forwarded. */
    boolean isUnitAnswered() {
        return unitAnswered;
    }

    boolean isForwardingRest() {
        return forwardingRest;
    }

    LastHeard heard() {
        return heard;
    }

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
        if (backend.attachment() == null) {
            heard.now();
        } else {
            heard.sign();
        }
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
                if (Reply.isSwallowed(ledger.head())) {
                    return bounded(type, length, Limits.GATHERED_ROWS - gathered);
                }
                return length <= WHOLE_ROW ? length : FrameScanner.HEADER;
            case BackendType.ROW_DESCRIPTION:
                // The end of a Describe: a reply of our own may follow at once, and must not land inside it.
                return bounded(type, length, Limits.ROW_DESCRIPTION);
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

    /** What is gathered is bounded: a server may promise a gigabyte. */
    private static int bounded(byte type, int length, int most) {
        if (length > most) {
            throw new DesynchronisedException("the server sent " + BackendType.nameOf(type) + " of " + length
                    + " bytes, and no more than " + most + " are gathered");
        }
        return length;
    }

    @Override
    public boolean frame(byte type, ByteBuf in, int at, int length, int available) {
        byte head = ledger.head();
        byte kind = Reply.kind(head);
        boolean swallow = Reply.isSwallowed(head);
        forwardingRest = false;
        switch (type) {
            case BackendType.DATA_ROW:
                require(kind == Reply.EXECUTE || kind == Reply.QUERY, type, head);
                if (swallow) {
                    gathered += length;
                    ledger.internal().row(in.slice(at + FrameScanner.HEADER, length - FrameScanner.HEADER));
                } else {
                    rows++;
                    forward(in, at, available);
                }
                return true;
            case BackendType.COMMAND_COMPLETE:
                require((kind == Reply.EXECUTE || kind == Reply.QUERY) && available == length, type, head);
                commandComplete(in, at, available, swallow);
                forwardUnless(swallow, in, at, available);
                popIf(kind == Reply.EXECUTE);
                return true;
            case BackendType.READY_FOR_QUERY:
                require(Reply.endsWithReady(head) && length == FrameScanner.HEADER + 1, type, head);
                require(TransactionStatus.isKnown(in.getByte(at + FrameScanner.HEADER)), type, head);
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
                require(kind == Reply.EXECUTE, type, head);
                executionEnds(swallow);
                return complete(type, kind == Reply.EXECUTE, head, in, at, available);
            case BackendType.EMPTY_QUERY_RESPONSE:
                require((kind == Reply.EXECUTE || kind == Reply.QUERY) && available == length, type, head);
                executionEnds(swallow);
                forwardUnless(swallow, in, at, available);
                popIf(kind == Reply.EXECUTE);
                return true;
            case BackendType.COPY_IN_RESPONSE:
                // Unasked for, it would make a client send what was never meant for the server.
                require(!Reply.isWithoutCopyIn(head), type, head);
                ledger.copyInBegins();
                forward(in, at, available);
                return true;
            case BackendType.COPY_OUT_RESPONSE:
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
                notification(in, at, length, available);
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

    private void notification(ByteBuf in, int at, int length, int available) {
        Attachment attachment = backend.attachment();
        if (attachment == null) {
            // Left behind by code that was not seen, such as a trigger.
            backend.doubt();
        } else if (attachment.wantsNotification(in, at, available)) {
            forward(in, at, available);
        } else if (available == length) {
            attachment.notification(in, at, length);
        }
    }

    private void forward(ByteBuf in, int at, int length) {
        forwardingRest = true;
        unitAnswered = true;
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
        require(expected && isWhole(in, at, available), type, head);
        forwardUnless(Reply.isSwallowed(head), in, at, available);
        ledger.pop();
        return true;
    }

    /** What ends a reply is short; if its end were not here, a reply of our own that follows would land inside. */
    private static boolean isWhole(ByteBuf in, int at, int available) {
        return in.getInt(at + 1) + 1 == available;
    }

    private void executionEnds(boolean swallow) {
        Attachment attachment = backend.attachment();
        if (!swallow && attachment != null) {
            attachment.executionEnds(rows);
        }
        rows = 0;
    }

    private void commandComplete(ByteBuf in, int at, int length, boolean swallow) {
        rows = 0;
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
        rows = 0;
        ledger.unitEnded();
        unitAnswered = false;
        if (swallow) {
            InternalReply internal = ledger.takeInternal();
            ErrorFields error = internalError;
            internalError = null;
            gathered = 0;
            ledger.pop();
            internal.done(error);
            return;
        }
        forward(in, at, available);
        unitAnswered = false;
        ledger.pop();
        Attachment attachment = backend.attachment();
        if (attachment != null) {
            attachment.readyForQuery(status);
        }
    }

    private void parameterStatus(ByteBuf in, int at, int length) {
        ParameterStatus parameter =
                ParameterStatus.decode(in.slice(at + FrameScanner.HEADER, length - FrameScanner.HEADER));
        backend.reported(parameter.name(), parameter.value());
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
        ErrorAction action = ErrorAction.SUPPRESS;
        Attachment attachment = backend.attachment();
        if (ledger.isUnitSwallowed()) {
            if (internalError == null) {
                internalError = error;
            }
        } else if (attachment != null) {
            if (SqlState.READ_ONLY_SQL_TRANSACTION.code().equals(error.code())) {
                backend.roleReports().writeRefused();
            }
            ErrorFields instead = ledger.errorInstead();
            action = attachment.errorForClient(instead == null ? error : instead);
            unitAnswered |=
                    action != ErrorAction.REPLAY; // if it is not forwarded, the client has been told in other words
            if (action == ErrorAction.FORWARD && instead == null) {
                forward(in, at, available);
            } else if (action == ErrorAction.FORWARD) {
                BackendWriter.error(attachment.toClient().append(), instead);
            }
        }
        ledger.failed();
        if (action == ErrorAction.REPLAY && attachment != null) {
            ledger.swallowSync(ignored -> attachment.replay());
        }
    }

    private void popIf(boolean completes) {
        if (completes) {
            ledger.pop();
        }
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
}
