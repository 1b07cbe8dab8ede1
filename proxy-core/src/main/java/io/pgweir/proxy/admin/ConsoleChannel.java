package io.pgweir.proxy.admin;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.pgweir.protocol.wire.BackendWriter;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.FrameScanner;
import io.pgweir.protocol.wire.FrontendMessage;
import io.pgweir.protocol.wire.FrontendType;
import io.pgweir.protocol.wire.ProtocolViolation;
import io.pgweir.protocol.wire.TransactionStatus;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.session.Console;
import io.pgweir.proxy.session.LastWords;
import io.pgweir.proxy.tls.Handshakes;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to the console: takes messages one after the other, each when the one before is answered and the client reads
 * its answers. On its loop.
 */
final class ConsoleChannel extends ChannelInboundHandlerAdapter implements Console.Session, FrameScanner.Sink {
    private static final Logger LOG = LoggerFactory.getLogger(ConsoleChannel.class);
    private static final int LONGEST_MESSAGE = 64 << 10;
    private static final int MOST_COMMANDS = 100;
    private static final short[] TEXT = {};

    /** Messages that may wait; then no more is read. */
    private static final int MOST_WAITING = 200;

    /** Rows that are encoded at a time, before it is seen whether the client takes more. */
    private static final int ROWS_AT_A_TIME = 250;

    private final Channel channel;
    private final Caller caller;
    private final Commands commands;
    private final Consumer<ConsoleChannel> onClosed;
    private final FrameScanner scanner = new FrameScanner();
    private final Queue<FrontendMessage> messages = new ArrayDeque<>();
    private final ExtendedQuery extended;
    private @Nullable CompletableFuture<Reply> running;

    /** What is left of the message before, if the client has not taken all of its answer yet. */
    private @Nullable Runnable rest;

    private boolean closed;

    /** What comes of a statement; exactly one of them is called, on the loop. */
    interface Outcome {
        void done(Reply reply);

        void failed(ErrorFields error);
    }

    ConsoleChannel(Channel channel, Caller caller, Commands commands, Consumer<ConsoleChannel> onClosed) {
        this.channel = channel;
        this.caller = caller;
        this.commands = commands;
        this.onClosed = onClosed;
        this.extended = new ExtendedQuery(this, caller, commands);
    }

    @Override
    public LoopContext loop() {
        return caller.loop();
    }

    // ---- bytes

    @Override
    public void first(ByteBuf rest) {
        read(rest);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        read((ByteBuf) message);
    }

    private void read(ByteBuf in) {
        try {
            scanner.feed(in, this);
            advance();
        } catch (ProtocolViolation e) {
            LOG.info("admin console: client {} closed: {}", caller.address(), e.getMessage());
            closeWith(ErrorFields.fatal(e.state(), String.valueOf(e.getMessage())));
        }
    }

    @Override
    public void begin(ByteBuf in) {}

    @Override
    public int required(byte type, ByteBuf in, int at, int length, int available) {
        if (length > LONGEST_MESSAGE) {
            throw new ProtocolViolation(
                    ConsoleError.TOO_LONG.sqlState(),
                    String.valueOf(ConsoleError.TOO_LONG.with(LONGEST_MESSAGE).message()));
        }
        return length;
    }

    @Override
    public boolean frame(byte type, ByteBuf in, int at, int length, int available) {
        if (!FrontendType.isCopy(type)) { // PostgreSQL drops what is left of a COPY that it has refused
            messages.add(
                    FrontendMessage.decode(type, in.slice(at + FrameScanner.HEADER, length - FrameScanner.HEADER)));
        }
        return true;
    }

    @Override
    public void rest(ByteBuf in, int at, int length) {
        throw new IllegalStateException("messages are whole");
    }

    @Override
    public void end(ByteBuf in) {}

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (channel.isWritable()) {
            caller.loop().loop().execute(this::advance);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        gone();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!(cause instanceof java.io.IOException) && !Handshakes.isOfTls(cause)) {
            LOG.error("admin console: client {} closed: internal error", caller.address(), cause);
        }
        ctx.close();
    }

    private void gone() {
        if (closed) {
            return;
        }
        closed = true;
        scanner.close();
        messages.clear();
        rest = null;
        CompletableFuture<Reply> current = running;
        if (current != null) {
            current.completeExceptionally(new IllegalStateException("the client has gone"));
        }
        onClosed.accept(this);
    }

    // ---- messages

    private void advance() {
        while (running == null && !closed && channel.isWritable()) {
            Runnable left = rest;
            if (left != null) {
                rest = null;
                left.run();
                continue;
            }
            FrontendMessage message = messages.poll();
            if (message == null) {
                break;
            }
            take(message);
        }
        if (!closed) {
            channel.flush();
            channel.config().setAutoRead(messages.size() < MOST_WAITING);
        }
    }

    private void take(FrontendMessage message) {
        if (message == FrontendMessage.Bare.TERMINATE) {
            channel.close();
            gone();
        } else if (message == FrontendMessage.Bare.SYNC) {
            extended.sync();
            ready();
        } else if (extended.isSkipping()) {
            return;
        } else if (message instanceof FrontendMessage.Query query) {
            query(query.sql());
        } else if (message instanceof FrontendMessage.FunctionCall) {
            error(ConsoleError.NO_SQL.with());
            ready();
        } else if (message instanceof FrontendMessage.Password) {
            closeWith(ConsoleError.PROTOCOL.with("unexpected password message"));
        } else {
            extended.take(message);
        }
    }

    private void query(String sql) {
        List<Statement> statements;
        try {
            List<CommandText> texts = CommandText.split(sql);
            if (texts.size() > MOST_COMMANDS) {
                throw ConsoleError.TOO_MANY_COMMANDS.failure(MOST_COMMANDS);
            }
            // All of them first: a mistake in the last keeps the first from being done.
            statements = texts.stream()
                    .map(text -> commands.understand(text, caller))
                    .toList();
        } catch (ConsoleFailure e) {
            error(e.error());
            ready();
            return;
        }
        if (statements.isEmpty()) {
            write(BackendWriter::emptyQueryResponse);
            ready();
        } else {
            runFrom(statements, 0);
        }
    }

    private void runFrom(List<Statement> statements, int index) {
        if (index == statements.size()) {
            ready();
            return;
        }
        Statement statement = statements.get(index);
        run(statement, new Outcome() {
            @Override
            public void done(Reply reply) {
                if (!statement.columns().isEmpty()) {
                    write(out -> RowWriter.describe(out, statement.columns(), TEXT));
                }
                sendRows(statement, reply.rows(), TEXT, () -> {
                    write(out -> BackendWriter.commandComplete(out, statement.tag()));
                    runFrom(statements, index + 1);
                });
            }

            @Override
            public void failed(ErrorFields error) {
                error(error);
                ready();
            }
        });
    }

    /** Sends rows, as many at a time as the client takes, and then does what is left to do; other messages wait. */
    void sendRows(Statement statement, List<@Nullable Object[]> rows, short[] formats, Runnable then) {
        List<Column> columns = statement.columns();
        int some = columns.isEmpty() ? 0 : Math.min(rows.size(), ROWS_AT_A_TIME);
        rest = () -> {
            write(out -> rows.subList(0, some).forEach(row -> RowWriter.row(out, columns, row, formats)));
            if (some < rows.size() && some > 0) {
                sendRows(statement, rows.subList(some, rows.size()), formats, then);
            } else {
                then.run();
            }
        };
    }

    /** Runs a statement; what comes after it waits. */
    void run(Statement statement, Outcome outcome) {
        CompletableFuture<Reply> future = Commands.run(statement, caller);
        running = future;
        if (future.isDone()) {
            settle(future, outcome);
            return;
        }
        future.whenComplete((reply, failure) -> caller.loop().loop().execute(() -> {
            if (!closed) {
                settle(future, outcome);
                advance();
            }
        }));
    }

    private void settle(CompletableFuture<Reply> future, Outcome outcome) {
        running = null;
        Reply reply;
        try {
            reply = future.join();
        } catch (RuntimeException e) {
            outcome.failed(errorOf(e));
            return;
        }
        reply.notices().forEach(notice -> write(out -> BackendWriter.notice(out, notice)));
        outcome.done(reply);
    }

    private ErrorFields errorOf(RuntimeException e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        if (cause instanceof ConsoleFailure failure) {
            return failure.error();
        }
        if (cause instanceof CancellationException) {
            return ConsoleError.CANCELED.with();
        }
        LOG.error("admin console: a command of {} failed", caller.address(), cause);
        return ConsoleError.INTERNAL.with(cause.toString());
    }

    @Override
    public void cancel() {
        CompletableFuture<Reply> current = running;
        if (current != null) {
            current.cancel(false);
        }
    }

    // ---- answers

    void write(Consumer<ByteBuf> writer) {
        ByteBuf out = channel.alloc().buffer(512);
        try {
            writer.accept(out);
        } catch (RuntimeException e) {
            out.release();
            throw e;
        }
        channel.write(out, channel.voidPromise());
    }

    void error(ErrorFields error) {
        write(out -> BackendWriter.error(out, error));
    }

    private void ready() {
        write(out -> BackendWriter.readyForQuery(
                out, caller.isInTransaction() ? TransactionStatus.IN_TRANSACTION : TransactionStatus.IDLE));
    }

    /** Says why, and closes. */
    void closeWith(ErrorFields last) {
        if (!closed) {
            error(last);
            gone();
            LastWords.closeAfterFlush(channel);
        }
    }
}
