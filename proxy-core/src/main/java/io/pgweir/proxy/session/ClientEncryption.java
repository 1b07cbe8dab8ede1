package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.pgweir.protocol.wire.ProtocolViolation;
import io.pgweir.protocol.wire.SqlState;
import io.pgweir.proxy.net.HandshakeGuard;
import io.pgweir.proxy.net.RecordGuard;
import io.pgweir.proxy.tls.ClientTls;
import io.pgweir.proxy.tls.Handshakes;
import java.security.cert.X509Certificate;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Whether and how one client's connection is encrypted ("SSL Session Encryption"). GSSAPI encryption there is none; each is
 * asked for at most once.
 *
 * <pre>
 *   PLAIN --SSLRequest: S--> HANDSHAKE --> ENCRYPTED
 *     |\--SSLRequest: N--> PLAIN
 *      \--first byte 0x16--> HANDSHAKE --ALPN postgresql--> ENCRYPTED
 * </pre>
 */
final class ClientEncryption {
    /** What a TLS handshake begins with, and no startup packet, whose length is small. */
    private static final byte HANDSHAKE_RECORD = 0x16;

    /** What a client may send until it is protected; a chain of certificates fits several times. */
    static final int MOST_HANDSHAKE_BYTES = 64 << 10;

    private enum State {
        PLAIN,
        HANDSHAKE,
        ENCRYPTED,
        FAILED
    }

    private final Channel channel;
    private final @Nullable ClientTls tls;
    private final RefusalLog refusals;
    private final IntPredicate room;
    private final IntConsumer keptOfRecord;
    private State state = State.PLAIN;
    private boolean sslAsked;
    private boolean gssAsked;
    private boolean direct;
    private ClientTls.@Nullable Handshake handshake;
    private @Nullable HandshakeGuard guard;
    private @Nullable RecordGuard records;

    /**
     * @param room whether so many bytes of a handshake have room
     * @param keptOfRecord is told how many bytes of a record that is not whole are kept after the handshake
     */
    ClientEncryption(
            Channel channel,
            @Nullable ClientTls tls,
            RefusalLog refusals,
            IntPredicate room,
            IntConsumer keptOfRecord) {
        this.channel = channel;
        this.tls = tls;
        this.refusals = refusals;
        this.room = room;
        this.keptOfRecord = keptOfRecord;
    }

    /** Whether what comes now is the client's part of a handshake, which cannot be answered in clear. */
    boolean isUnderWay() {
        return state == State.HANDSHAKE || state == State.FAILED;
    }

    boolean isOn() {
        return state == State.ENCRYPTED;
    }

    /** Something has come from the client, decrypted if the connection is encrypted. */
    void decoded() {
        if (records != null) {
            records.decoded();
        }
    }

    /** The client is turned away: what it sends yet is of no use. */
    void refused() {
        if (records != null) {
            records.end();
        }
    }

    /** The client is no stranger any more. */
    void loggedIn() {
        if (records != null && channel.pipeline().context(records) != null) {
            channel.pipeline().remove(records);
        }
    }

    /** Whether this client may log in as its connection is. */
    boolean suffices() {
        return tls == null || !tls.mode().isRequired() || isOn();
    }

    /** What tls is set to. */
    String mode() {
        return tls == null ? "disable" : tls.mode().text();
    }

    /** What a SCRAM login is bound to; null: it cannot be. */
    byte @Nullable [] binding() {
        return isOn() && handshake != null ? handshake.binding() : null;
    }

    /** The client's verified certificate; null if it has none. */
    @Nullable
    X509Certificate certificate() {
        return isOn() && handshake != null ? Handshakes.peerCertificate(handshake.handler()) : null;
    }

    /** Whether {@code first}, the first bytes of the connection, begin a TLS handshake. */
    boolean isDirect(ByteBuf first) {
        return state == State.PLAIN && !sslAsked && !gssAsked && first.getByte(first.readerIndex()) == HANDSHAKE_RECORD;
    }

    /**
     * Takes the first bytes of a TLS handshake.
     *
     * @return false if there is no TLS: the connection is to be closed
     */
    boolean beginDirect(ByteBuf first) {
        if (tls == null) {
            refusals.info("client {} refused: a TLS handshake came, and tls is disable", channel.remoteAddress());
            first.release();
            return false;
        }
        direct = true;
        sslAsked = true;
        begin(tls);
        channel.pipeline().fireChannelRead(first);
        return true;
    }

    /**
     * Answers SSLRequest or GSSENCRequest.
     *
     * @param rest what has come behind it
     * @return false if the connection is to be closed
     */
    boolean answer(boolean ssl, ByteBuf rest) {
        if (ssl ? sslAsked : gssAsked) {
            throw new ProtocolViolation(SqlState.PROTOCOL_VIOLATION, "encryption was asked for twice");
        }
        sslAsked |= ssl;
        gssAsked |= !ssl;
        if (!ssl || tls == null || isOn()) {
            write('N');
            return true;
        }
        if (rest.isReadable()) {
            // Whoever is between could have put it there, and it would count as the client's own.
            refusals.info(
                    "client {} refused: {} bytes came unencrypted behind its SSLRequest, before the TLS handshake",
                    channel.remoteAddress(),
                    rest.readableBytes());
            return false;
        }
        write('S');
        begin(tls);
        return true;
    }

    private void write(char answer) {
        channel.writeAndFlush(channel.alloc().buffer(1).writeByte(answer), channel.voidPromise());
    }

    private void begin(ClientTls context) {
        ClientTls.Handshake begun = context.begin(channel.alloc());
        handshake = begun;
        state = State.HANDSHAKE;
        guard = HandshakeGuard.begin(channel.pipeline(), begun.handler(), MOST_HANDSHAKE_BYTES, room);
    }

    /**
     * The handshake is over. After a failure Netty tells the client why and closes.
     *
     * @return false if the connection is to be closed now
     */
    boolean completed(SslHandshakeCompletionEvent event) {
        if (!event.isSuccess()) {
            if (state == State.HANDSHAKE && !Handshakes.isOverload(event.cause())) {
                refusals.info(
                        "client {}: TLS handshake failed: {}",
                        channel.remoteAddress(),
                        Handshakes.describe(event.cause()));
            }
            state = State.FAILED;
            return true;
        }
        state = State.ENCRYPTED;
        if (guard != null) {
            records = new RecordGuard(keptOfRecord);
            channel.pipeline().addFirst(records);
            records.begin(guard);
        }
        SslHandler handler = handshake == null ? null : handshake.handler();
        if (direct && handler != null && !Handshakes.agreedOnPostgres(handler)) {
            // The rule of PostgreSQL 17: else a browser could be made to speak to us.
            refusals.info(
                    "client {} refused: its direct TLS handshake did not offer the protocol '{}' (ALPN)",
                    channel.remoteAddress(),
                    Handshakes.ALPN);
            return false;
        }
        return true;
    }
}
