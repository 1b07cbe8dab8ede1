package io.pgweir.protocol.wire;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The first packet of a connection, which has a length but no type byte (protocol chapter "Start-up"). */
public sealed interface StartupPacket {

    /** Opens a session. */
    record Startup(int protocolVersion, Map<String, String> parameters, List<String> protocolOptions)
            implements StartupPacket {
        /**
         * @param protocolVersion any version 3.x
         * @param parameters in the order of their first appearance, of a repeated one the last value, as in PostgreSQL;
         *     with {@code user}, without {@code _pq_.} options
         * @param protocolOptions names beginning with {@code _pq_.}, each once
         */
        public Startup {
            parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
            protocolOptions = List.copyOf(protocolOptions);
        }

        public String user() {
            return parameters.getOrDefault("user", "");
        }

        /** The database asked for; the user's name when none is given. */
        public String database() {
            String database = parameters.get("database");
            return database == null || database.isEmpty() ? user() : database;
        }

        public @Nullable String parameter(String name) {
            return parameters.get(name);
        }
    }

    /** Asks for TLS. */
    record SslRequest() implements StartupPacket {}

    /** Asks for GSSAPI encryption. */
    record GssEncRequest() implements StartupPacket {}

    /**
     * Cancels what another connection runs.
     *
     * @param secret 4 to 256 bytes; compare in constant time
     */
    record Cancel(int pid, byte[] secret) implements StartupPacket {}

    /**
     * Reads a packet.
     *
     * @param packet what follows the length word
     * @throws ProtocolViolation with PostgreSQL's SQLSTATE and words: 08P01 for a malformed packet, 0A000 for another
     *     major version, 28000 without a user; and 22021 for text that is not UTF-8, which could not be forwarded unchanged
     */
    static StartupPacket decode(ByteBuf packet) {
        int length = packet.readableBytes();
        if (length < 4 || length > Limits.STARTUP_PACKET) {
            throw BodyReader.violation("invalid length of startup packet");
        }
        int code = packet.readInt();
        switch (code) {
            case ProtocolVersion.CANCEL_REQUEST:
                return cancel(packet);
            case ProtocolVersion.SSL_REQUEST:
                requireEnd(packet);
                return new SslRequest();
            case ProtocolVersion.GSSENC_REQUEST:
                requireEnd(packet);
                return new GssEncRequest();
            default:
                return startup(code, packet);
        }
    }

    private static void requireEnd(ByteBuf packet) {
        if (packet.isReadable()) {
            throw BodyReader.violation("invalid length of startup packet");
        }
    }

    private static Cancel cancel(ByteBuf packet) {
        int keyLength = packet.readableBytes() - 4;
        if (keyLength < Limits.CANCEL_KEY_MIN || keyLength > Limits.CANCEL_KEY_MAX) {
            throw BodyReader.violation("invalid length of cancel request packet");
        }
        BodyReader in = new BodyReader(packet);
        return new Cancel(in.int32(), in.rest());
    }

    private static Startup startup(int version, ByteBuf packet) {
        if (ProtocolVersion.major(version) != 3) {
            throw new ProtocolViolation(
                    SqlState.FEATURE_NOT_SUPPORTED,
                    "unsupported frontend protocol " + ProtocolVersion.major(version) + "."
                            + ProtocolVersion.minor(version) + ": server supports 3.0 to 3."
                            + ProtocolVersion.minor(ProtocolVersion.NEWEST));
        }
        Map<String, String> parameters = new LinkedHashMap<>();
        List<String> protocolOptions = new ArrayList<>();
        while (packet.isReadable() && packet.getByte(packet.readerIndex()) != 0) {
            String name = text(packet);
            String value = text(packet);
            if (!name.startsWith("_pq_.")) {
                parameters.put(name, value);
            } else if (!protocolOptions.contains(name)) {
                protocolOptions.add(name);
            }
        }
        if (packet.readableBytes() != 1) {
            throw noTerminator();
        }
        packet.skipBytes(1);
        if (parameters.getOrDefault("user", "").isEmpty()) {
            throw new ProtocolViolation(
                    SqlState.INVALID_AUTHORIZATION_SPECIFICATION,
                    "no PostgreSQL user name specified in startup packet");
        }
        return new Startup(version, parameters, protocolOptions);
    }

    private static ProtocolViolation noTerminator() {
        return BodyReader.violation("invalid startup packet layout: expected terminator as last byte");
    }

    private static String text(ByteBuf packet) {
        int zero = packet.indexOf(packet.readerIndex(), packet.writerIndex(), (byte) 0);
        if (zero < 0) {
            throw noTerminator();
        }
        byte[] bytes = new byte[zero - packet.readerIndex()];
        packet.readBytes(bytes).skipBytes(1);
        try {
            // A strict decoder: two names must not become equal by way of replacement characters.
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new ProtocolViolation(
                    SqlState.CHARACTER_NOT_IN_REPERTOIRE,
                    "invalid byte sequence for encoding \"UTF8\" in startup packet");
        }
    }
}
