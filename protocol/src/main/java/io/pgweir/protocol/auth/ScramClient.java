package io.pgweir.protocol.auth;

import io.pgweir.protocol.wire.Limits;
import io.pgweir.protocol.wire.ProtocolViolation;
import io.pgweir.protocol.wire.SqlState;
import java.security.MessageDigest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The client's half of one SCRAM-SHA-256 exchange (RFC 5802, RFC 7677), with or without channel binding. The user name is left to
 * the startup packet, as libpq does. What the server chooses (nonce, salt, iterations) is bounded by {@link Limits}.
 *
 * <pre>
 *   NEW --first--&gt; STARTED --challenge--&gt; CHALLENGED --last(keys)--&gt; ANSWERED --verify--&gt; DONE
 * </pre>
 *
 * <p>Deriving the keys is the one slow step, hence the cut between {@link #challenge} and {@link #last(ScramKeys)}; {@link
 * #last(byte[])} does both. Not thread-safe. A call out of order is an {@link IllegalStateException}.
 */
public final class ScramClient {
    /** What the keys depend on besides the password: the key to remember them under. */
    public record Challenge(byte[] salt, int iterations) {}

    private enum Phase {
        NEW,
        STARTED,
        CHALLENGED,
        ANSWERED,
        DONE
    }

    /** The mechanism's name without channel binding (RFC 7677). */
    public static final String MECHANISM = ScramServer.MECHANISM;

    private static final String NOT_SUPPORTED = "n,,";
    private static final String NOT_OFFERED = "y,,";
    private static final String BOUND = "p=" + ScramServer.BINDING_TYPE + ",,";

    private final String gs2Header;
    private final byte[] bindingData;
    private final @Nullable String password;
    private final String firstBare;
    private final String clientNonce;
    private Phase phase = Phase.NEW;
    private String serverFirst = "";
    private String nonce = "";
    private byte[] serverSignature = {};
    private boolean verified;

    /** A client whose caller derives the keys: see {@link #challenge}. */
    public ScramClient() {
        this(NOT_SUPPORTED, new byte[0]);
    }

    private ScramClient(String gs2Header, byte[] bindingData) {
        this(null, "", ScramCrypto.newNonce(), gs2Header, bindingData);
    }

    /**
     * A client for {@link ScramServer#MECHANISM_PLUS}; the caller derives the keys.
     *
     * @param certificateHash the hash of the server's certificate (tls-server-end-point, RFC 5929)
     */
    public static ScramClient boundTo(byte[] certificateHash) {
        return new ScramClient(BOUND, certificateHash.clone());
    }

    /** A client that would bind the channel, and tells a server so that has not offered it: if it has, it notices. */
    public static ScramClient unoffered() {
        return new ScramClient(NOT_OFFERED, new byte[0]);
    }

    /** A client that derives the keys by itself in {@link #last(byte[])}. */
    public ScramClient(String password) {
        this(password, "", ScramCrypto.newNonce());
    }

    ScramClient(@Nullable String password, String user, String clientNonce) {
        this(password, user, clientNonce, NOT_SUPPORTED, new byte[0]);
    }

    ScramClient(@Nullable String password, String user, String clientNonce, String gs2Header, byte[] bindingData) {
        this.gs2Header = gs2Header;
        this.bindingData = bindingData;
        this.password = password;
        this.clientNonce = clientNonce;
        this.firstBare = "n=" + user + ",r=" + clientNonce;
    }

    /** The mechanism to name to the server. */
    public String mechanism() {
        return isBound() ? ScramServer.MECHANISM_PLUS : MECHANISM;
    }

    /** Whether the exchange is bound to the server's certificate. */
    public boolean isBound() {
        return gs2Header.equals(BOUND);
    }

    /** The client-first-message. */
    public byte[] first() {
        advance(Phase.NEW, Phase.STARTED);
        return ScramMessage.bytes(gs2Header + firstBare);
    }

    /**
     * Takes the server-first-message and tells what keys it asks for.
     *
     * @throws ProtocolViolation 08P01 if it is malformed, out of bounds, or not an answer to our nonce
     */
    public Challenge challenge(byte[] message) {
        advance(Phase.STARTED, Phase.DONE);
        ScramMessage in = new ScramMessage(message, Limits.SCRAM_SERVER_MESSAGE);
        serverFirst = in.from(0);
        nonce = in.nonce();
        if (nonce.length() <= clientNonce.length() || !nonce.startsWith(clientNonce)) {
            throw ScramMessage.malformed("the server's nonce does not continue ours");
        }
        byte[] salt = ScramMessage.base64(in.value('s'), "salt");
        if (salt.length == 0 || salt.length > Limits.SCRAM_SALT) {
            throw ScramMessage.malformed("salt of " + salt.length + " bytes");
        }
        int iterations = iterations(in.value('i'));
        in.skipExtensions();
        phase = Phase.CHALLENGED;
        return new Challenge(salt, iterations);
    }

    private static int iterations(String text) {
        boolean digits = text.matches("[1-9][0-9]{0,8}");
        int iterations = digits ? Integer.parseInt(text) : 0;
        if (iterations < 1 || iterations > Limits.SCRAM_ITERATIONS) {
            throw ScramMessage.malformed("iteration count not within 1 and " + Limits.SCRAM_ITERATIONS);
        }
        return iterations;
    }

    /** The client-final-message for keys derived from the password and the {@link Challenge}. */
    public byte[] last(ScramKeys keys) {
        advance(Phase.CHALLENGED, Phase.ANSWERED);
        String withoutProof = "c=" + ScramCrypto.base64(binding()) + ",r=" + nonce;
        byte[] signed = ScramMessage.bytes(firstBare + "," + serverFirst + "," + withoutProof);
        byte[] storedKey = ScramCrypto.sha256(keys.clientKey());
        byte[] proof = ScramCrypto.xor(keys.clientKey(), ScramCrypto.hmac(storedKey, signed));
        serverSignature = ScramCrypto.hmac(keys.serverKey(), signed);
        return ScramMessage.bytes(withoutProof + ",p=" + ScramCrypto.base64(proof));
    }

    private byte[] binding() {
        byte[] header = ScramMessage.bytes(gs2Header);
        byte[] all = Arrays.copyOf(header, header.length + bindingData.length);
        System.arraycopy(bindingData, 0, all, header.length, bindingData.length);
        return all;
    }

    /**
     * {@link #challenge}, derivation and {@link #last(ScramKeys)} in one, for callers that may block.
     *
     * @throws IllegalStateException if this client was made without a password
     */
    public byte[] last(byte[] serverFirst) {
        if (password == null) {
            throw new IllegalStateException("this client has no password");
        }
        Challenge challenge = challenge(serverFirst);
        return last(ScramKeys.derive(password, challenge.salt(), challenge.iterations()));
    }

    /**
     * Takes the server-final-message. Unless this has been called and returned, the server is not authenticated.
     *
     * @throws ProtocolViolation 08P01 if it is malformed or an error, or if its signature shows that the server does not
     *     know the password
     */
    public void verify(byte[] serverFinal) {
        advance(Phase.ANSWERED, Phase.DONE);
        ScramMessage in = new ScramMessage(serverFinal, Limits.SCRAM_SERVER_MESSAGE);
        if (in.peek() == 'e') {
            throw new ProtocolViolation(SqlState.PROTOCOL_VIOLATION, "the server refused the SCRAM exchange");
        }
        byte[] signature = ScramMessage.base64(in.value('v'), "server signature");
        in.skipExtensions();
        if (!MessageDigest.isEqual(signature, serverSignature)) {
            throw new ProtocolViolation(
                    SqlState.PROTOCOL_VIOLATION, "wrong SCRAM server signature: the server does not know the password");
        }
        verified = true;
    }

    /** True once the server has proved that it knows the password. */
    public boolean isVerified() {
        return verified;
    }

    private void advance(Phase expected, Phase next) {
        if (phase != expected) {
            throw new IllegalStateException("SCRAM step out of order: " + phase + " instead of " + expected);
        }
        phase = next;
    }
}
