package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.pgweir.protocol.wire.BackendWriter;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.FrameScanner;
import io.pgweir.protocol.wire.FrontendType;
import io.pgweir.protocol.wire.Limits;
import io.pgweir.protocol.wire.ProtocolVersion;
import io.pgweir.protocol.wire.ProtocolViolation;
import io.pgweir.protocol.wire.SqlState;
import io.pgweir.protocol.wire.StartupPacket;
import io.pgweir.proxy.net.Deadlines;
import io.pgweir.proxy.net.HandshakeGuard;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.net.Network;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A client from its first byte to its login, under one deadline. Steps are taken in one order and never twice; anything
 * else closes the connection.
 *
 * <pre>
 *   STARTUP --SSLRequest, GSSENCRequest, TLS handshake--> STARTUP      --CancelRequest--> closed
 *     | StartupMessage
 *     v      asks
 *   OPENING ------> PROOF
 *     |    <------ answer
 *     `--> session
 * </pre>
 */
final class ClientLogin {
    private enum Step {
        STARTUP,
        /** The client is to answer what {@link ClientProof} asks. */
        PROOF,
        /** Somebody else has the turn: a look-up, password derivation, a backend. */
        OPENING,
        CLOSED
    }

    /** What a client sends without anything to decrypt in it: a handshake or a record, each of 64 KiB at most. */
    private static final int MOST_UNDECODED = 128 << 10;

    private final Sessions sessions;
    private final Channel channel;
    private final LoopContext loop;
    private final ClientHandler handler;
    private final Newcomers.Newcomer newcomer;
    private final BufferShare held;
    private final BufferShare heldByTls;
    private final ClientEncryption encryption;
    private final Deadlines.Deadline deadline = new Deadlines.Deadline() {
        @Override
        protected void expired() {
            long millis = sessions.config().clientLoginTimeout().toMillis();
            if (encryption.isUnderWay()) {
                sessions.refusals().info("client {}: no TLS handshake within {} ms", channel.remoteAddress(), millis);
                close();
            } else {
                refuse(LoginError.LOGIN_TIMEOUT.with(millis));
            }
        }
    };
    private Step step = Step.STARTUP;
    private @Nullable Places place;
    private @Nullable ByteBuf pending;
    private Runnable onEnd = () -> {};
    private StartupPacket.@Nullable Startup startup;
    private @Nullable ClientProof proof;

    ClientLogin(
            Sessions sessions, Channel channel, LoopContext loop, ClientHandler handler, Newcomers.Newcomer newcomer) {
        this.sessions = sessions;
        this.channel = channel;
        this.loop = loop;
        this.handler = handler;
        this.newcomer = newcomer;
        Network network = Network.of(channel.remoteAddress());
        this.held = sessions.loginBuffers().share(network);
        this.heldByTls = sessions.loginBuffers().share(network);
        this.encryption = new ClientEncryption(
                channel, sessions.tls(), sessions.refusals(), this::hasRoomInHandshake, this::keepsOfRecord);
    }

    void start() {
        sessions.loginBegun();
        loop.deadlines().arm(deadline, sessions.config().clientLoginTimeout().toNanos());
    }

    // ---- bytes

    void read(ByteBuf in) {
        if (step == Step.CLOSED) {
            in.release();
            return;
        }
        encryption.decoded();
        ByteBuf all = pending;
        if (all == null) {
            pending = all = channel.alloc().buffer(in.readableBytes());
        }
        all.writeBytes(in);
        in.release();
        if (all.readableBytes() > Limits.PREAUTH_MESSAGE && step != Step.OPENING) {
            refuse(ClientError.PROTOCOL_VIOLATION.with("too much data before authentication"));
            return;
        }
        if (all.readableBytes() > Limits.PREAUTH_MESSAGE) {
            channel.config().setAutoRead(false);
        }
        if (held.isScarceWith(all.capacity())) {
            noRoom();
        }
        advance();
    }

    /** Who has proved who it is may wait with what it sends; whoever has not is turned away. */
    private void noRoom() {
        if (place == null) {
            LoginBuffers buffers = sessions.loginBuffers();
            buffers.refuse();
            refuse(LoginError.TOO_MUCH_AHEAD_OF_LOGINS.with(buffers.held(), buffers.most()));
        } else {
            channel.config().setAutoRead(false);
        }
    }

    private boolean hasRoomInHandshake(int bytes) {
        boolean scarce = step != Step.CLOSED && heldByTls.isScarceWith(bytes);
        if (scarce) {
            sessions.loginBuffers().refuse();
        }
        return !scarce;
    }

    private void keepsOfRecord(int bytes) {
        if (step == Step.CLOSED) {
            return;
        }
        boolean scarce = heldByTls.isScarceWith(bytes);
        if (bytes > MOST_UNDECODED) {
            refuse(ClientError.PROTOCOL_VIOLATION.with("records without data before authentication"));
        } else if (scarce) {
            noRoom();
        }
    }

    private void advance() {
        try {
            while (takeOne()) {
                // next
            }
        } catch (ProtocolViolation e) {
            sessions.refusals().info("client {} refused: {}", channel.remoteAddress(), e.getMessage());
            refuse(ErrorFields.fatal(e.state(), String.valueOf(e.getMessage())));
        }
    }

    private boolean takeOne() {
        ByteBuf in = pending;
        if (in == null) {
            return false;
        }
        return switch (step) {
            case STARTUP -> takeStartup(in);
            case PROOF -> takePassword(in);
            case OPENING, CLOSED -> false;
        };
    }

    /** The TLS handshake is over. */
    void encrypted(SslHandshakeCompletionEvent event) {
        if (!encryption.completed(event)) {
            close();
        }
    }

    private boolean takeStartup(ByteBuf in) {
        if (in.isReadable() && encryption.isDirect(in)) {
            pending = null;
            if (!encryption.beginDirect(in)) {
                close();
            }
            return false;
        }
        if (in.readableBytes() < 4) {
            return false;
        }
        int length = in.getInt(in.readerIndex());
        if (length < 8 || length > Limits.STARTUP_PACKET) {
            sessions.refusals().info("client {} refused: no PostgreSQL startup packet", channel.remoteAddress());
            close();
            return false;
        }
        if (in.readableBytes() < length) {
            return false;
        }
        in.skipBytes(4);
        ByteBuf packet = in.readSlice(length - 4);
        StartupPacket decoded = StartupPacket.decode(packet);
        if (decoded instanceof StartupPacket.Startup message) {
            begin(message);
        } else if (decoded instanceof StartupPacket.Cancel cancel) {
            cancel(cancel);
        } else if (!encryption.answer(decoded instanceof StartupPacket.SslRequest, in)) {
            close();
        }
        return true;
    }

    private void cancel(StartupPacket.Cancel request) {
        CancelTarget target = sessions.cancelKeys().find(request.pid(), request.secret());
        if (target == null) {
            close();
            return;
        }
        step = Step.OPENING; // nothing more is read
        // Closed only then: whoever waits for that may send its next statement, which must not be hit.
        target.loop().loop().execute(() -> {
            target.cancel();
            channel.eventLoop().execute(this::close);
        });
    }

    // ---- who and what

    private void begin(StartupPacket.Startup message) {
        startup = message;
        step = Step.OPENING;
        int major = ProtocolVersion.major(message.protocolVersion());
        int minor = ProtocolVersion.minor(message.protocolVersion());
        if (major != 3) {
            refuse(LoginError.UNSUPPORTED_PROTOCOL.with(major, minor));
            return;
        }
        if (!encryption.suffices()) {
            refuse(LoginError.TLS_REQUIRED.with(encryption.mode()));
            return;
        }
        if (message.parameter("replication") != null && !isOff(message.parameter("replication"))) {
            refuse(LoginError.REPLICATION.with());
            return;
        }
        ErrorFields refusal = sessions.refusal(message);
        if (refusal != null) {
            refuse(refusal);
            return;
        }
        negotiate(message);
        ClientProof next = new ClientProof(sessions, channel, loop, encryption, message, this);
        proof = next;
        next.begin();
    }

    /** As PostgreSQL reads a boolean: any case, and any beginning that means one word only. */
    private static boolean isOff(@Nullable String value) {
        String word = String.valueOf(value).toLowerCase(Locale.ROOT);
        return List.of("0", "of", "off", "n", "no", "f", "fa", "fal", "fals", "false")
                .contains(word);
    }

    private void negotiate(StartupPacket.Startup message) {
        boolean newer = ProtocolVersion.minor(message.protocolVersion()) > ProtocolVersion.minor(ProtocolVersion.V3_2);
        if (newer || !message.protocolOptions().isEmpty()) {
            ByteBuf out = channel.alloc().buffer(64);
            int version = Math.min(message.protocolVersion(), ProtocolVersion.V3_2);
            BackendWriter.negotiateProtocolVersion(out, version, message.protocolOptions());
            channel.write(out, channel.voidPromise());
        }
    }

    private boolean takePassword(ByteBuf in) {
        if (in.readableBytes() < FrameScanner.HEADER) {
            return false;
        }
        int at = in.readerIndex();
        int length = in.getInt(at + 1);
        if (in.getByte(at) != FrontendType.PASSWORD) {
            throw new ProtocolViolation(
                    SqlState.PROTOCOL_VIOLATION,
                    "expected password response, got message type " + (in.getByte(at) & 0xff));
        }
        ClientProof asking = java.util.Objects.requireNonNull(proof);
        if (length < 4 || length > asking.longest()) {
            throw new ProtocolViolation(SqlState.PROTOCOL_VIOLATION, "invalid password message length");
        }
        if (in.readableBytes() < length + 1) {
            return false;
        }
        in.skipBytes(FrameScanner.HEADER);
        ByteBuf body = in.readSlice(length - 4);
        step = Step.OPENING;
        asking.answer(body);
        return true;
    }

    /** The client has been asked for something. */
    void awaitAnswer() {
        step = Step.PROOF;
        advance();
    }

    void authenticated() {
        step = Step.OPENING;
        proof = null;
        newcomer.leave();
        Places places = sessions.places(startup().database());
        if (!places.enter()) {
            refuse(places.refusal());
            return;
        }
        place = places;
        new SessionOpening(sessions, channel, loop, startup(), this).open();
    }

    // ---- ends

    /** The session is open and its greeting written; it gets what the client has sent since. */
    void opened(ClientSession session) {
        ByteBuf rest = over();
        channel.config().setAutoRead(true);
        handler.loggedIn(session, rest == null ? io.netty.buffer.Unpooled.EMPTY_BUFFER : rest);
    }

    /** The client is the console's from now on, its greeting written. */
    void opened(Console.Session session) {
        ByteBuf rest = over();
        channel.pipeline().replace(handler, null, session);
        channel.config().setAutoRead(true);
        if (rest != null) {
            session.first(rest);
        }
    }

    /** The client has logged in. Returns what it has sent since, which is the caller's. */
    private @Nullable ByteBuf over() {
        step = Step.CLOSED;
        deadline.disarm();
        sessions.loginEnded();
        encryption.loggedIn();
        held.giveBack();
        heldByTls.giveBack();
        ByteBuf rest = pending;
        pending = null;
        return rest;
    }

    /** What to take back if the client leaves before it is logged in. */
    void onEnd(Runnable action) {
        onEnd = action;
    }

    boolean isOver() {
        return step == Step.CLOSED;
    }

    /** Sends a last error and closes. */
    void refuse(ErrorFields error) {
        if (step == Step.CLOSED) {
            return;
        }
        ByteBuf out = channel.alloc().buffer(256);
        BackendWriter.error(out, error);
        channel.write(out, channel.voidPromise());
        end();
        LastWords.closeAfterFlush(channel);
    }

    private void close() {
        end();
        HandshakeGuard.close(channel);
    }

    void closed() {
        end();
        heldByTls.giveBack(); // until now it was there: last words may have been waited for
    }

    private void end() {
        if (step == Step.CLOSED) {
            return;
        }
        step = Step.CLOSED;
        deadline.disarm();
        sessions.loginEnded();
        newcomer.leave();
        if (place != null) {
            place.leave();
        }
        onEnd.run();
        held.giveBack();
        encryption.refused();
        if (pending != null) {
            pending.release();
            pending = null;
        }
    }

    private StartupPacket.Startup startup() {
        return java.util.Objects.requireNonNull(startup);
    }
}
