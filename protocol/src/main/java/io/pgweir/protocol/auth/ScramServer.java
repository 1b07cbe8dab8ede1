package io.pgweir.protocol.auth;

import io.pgweir.protocol.wire.Limits;
import io.pgweir.protocol.wire.ProtocolViolation;
import io.pgweir.protocol.wire.SqlState;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/**
 * The server's half of one SCRAM-SHA-256 exchange (RFC 5802, RFC 7677), with PostgreSQL's rules: the user is the startup
 * packet's, the name in the message is ignored, and authorization identities are refused.
 *
 * <pre>
 *   NEW --first--&gt; CHALLENGED --last--&gt; DONE        any failure --&gt; DONE
 * </pre>
 *
 * <p>Both steps take microseconds. Not thread-safe. A call out of order is an {@link IllegalStateException}.
 */
public final class ScramServer {
    /** Without channel binding. */
    public static final String MECHANISM = "SCRAM-SHA-256";
    /** With channel binding to the server's certificate. */
    public static final String MECHANISM_PLUS = "SCRAM-SHA-256-PLUS";

    /** The kind of binding that there is (RFC 5929). */
    static final String BINDING_TYPE = "tls-server-end-point";

    private enum Phase {
        NEW,
        CHALLENGED,
        DONE
    }

    private final ScramSecret secret;
    private final String mechanism;
    private final byte @Nullable [] bindingData;
    private final String serverNonce;
    private Phase phase = Phase.NEW;
    private String gs2Header = "";
    private String firstBare = "";
    private String serverFirst = "";
    private String nonce = "";
    private @Nullable ScramKeys proved;

    /** Without channel binding, for connections where it is not offered. */
    public ScramServer(ScramSecret secret) {
        this(secret, MECHANISM, null);
    }

    /**
     * @param mechanism the one the client chose
     * @param bindingData the hash of our certificate (tls-server-end-point, RFC 5929) where {@link #MECHANISM_PLUS} was
     *     offered, else null
     */
    public ScramServer(ScramSecret secret, String mechanism, byte @Nullable [] bindingData) {
        this(secret, mechanism, bindingData, ScramCrypto.newNonce());
    }

    ScramServer(ScramSecret secret, String mechanism, byte @Nullable [] bindingData, String serverNonce) {
        boolean plus = mechanism.equals(MECHANISM_PLUS);
        if ((!plus && !mechanism.equals(MECHANISM)) || (plus && bindingData == null)) {
            throw new ProtocolViolation(
                    SqlState.PROTOCOL_VIOLATION, "client selected an invalid SASL authentication mechanism");
        }
        this.secret = secret;
        this.mechanism = mechanism;
        this.bindingData = bindingData;
        this.serverNonce = serverNonce;
    }

    /**
     * Takes the client-first-message and gives the server-first-message.
     *
     * @throws ProtocolViolation 08P01 for a malformed message, 0A000 for an authorization identity or an unknown mandatory
     *     extension, 28000 when the client was talked out of channel binding
     */
    public byte[] first(byte[] clientFirst) {
        advance(Phase.NEW);
        ScramMessage in = new ScramMessage(clientFirst, Limits.SASL_MESSAGE);
        readBindingFlag(in);
        in.expect(',');
        if (in.peek() == 'a') {
            throw unsupported("client uses authorization identity, but it is not supported");
        }
        in.expect(',');
        gs2Header = in.between(0, in.position());
        firstBare = in.from(in.position());
        if (in.peek() == 'm') {
            throw unsupported("client requires an unsupported SCRAM extension");
        }
        in.value('n');
        nonce = in.nonce() + serverNonce;
        in.skipExtensions();
        serverFirst = "r=" + nonce + ",s=" + ScramCrypto.base64(secret.salt()) + ",i=" + secret.iterations();
        phase = Phase.CHALLENGED;
        return ScramMessage.bytes(serverFirst);
    }

    private void readBindingFlag(ScramMessage in) {
        boolean plus = mechanism.equals(MECHANISM_PLUS);
        switch (in.peek()) {
            case 'n', 'y' -> {
                if (plus) {
                    throw ScramMessage.malformed(
                            "the client selected " + MECHANISM_PLUS + ", but sent no channel binding data");
                }
                if (in.peek() == 'y' && bindingData != null) {
                    // The client supports binding and thinks we do not: somebody removed PLUS from our list.
                    throw new ProtocolViolation(
                            SqlState.INVALID_AUTHORIZATION_SPECIFICATION, "SCRAM channel binding negotiation error");
                }
                in.expect(in.peek());
            }
            case 'p' -> {
                if (!plus) {
                    throw ScramMessage.malformed(
                            "the client selected " + MECHANISM + ", but sent channel binding data");
                }
                in.expect('p');
                in.expect('=');
                for (char c : BINDING_TYPE.toCharArray()) {
                    if (in.peek() != c) {
                        throw ScramMessage.malformed("unsupported channel binding type");
                    }
                    in.expect(c);
                }
            }
            default -> throw ScramMessage.malformed("unexpected channel binding flag");
        }
    }

    /**
     * Takes the client-final-message and, if the client knows the password, gives the server-final-message.
     *
     * @throws ProtocolViolation 28P01 if it does not (the message names no user: the caller does), 08P01 for a malformed
     *     message, a missing attribute, another nonce or another channel
     */
    public byte[] last(byte[] clientFinal) {
        advance(Phase.CHALLENGED);
        ScramMessage in = new ScramMessage(clientFinal, Limits.SASL_MESSAGE);
        byte[] binding = ScramMessage.bytes(in.value('c'));
        String theirNonce = in.nonce();
        int proofAt = in.position() - 1;
        while (!in.atEnd() && in.name() != 'p') {
            in.any();
            proofAt = in.position() - 1;
        }
        byte[] proof = ScramMessage.base64(in.value('p'), "proof");
        if (proof.length != ScramCrypto.KEY_LENGTH || !in.atEnd()) {
            throw ScramMessage.malformed("proof of " + proof.length + " bytes, or something behind it");
        }
        if (!MessageDigest.isEqual(binding, ScramMessage.bytes(expectedBinding()))) {
            throw new ProtocolViolation(SqlState.PROTOCOL_VIOLATION, "SCRAM channel binding check failed");
        }
        if (!MessageDigest.isEqual(ScramMessage.bytes(theirNonce), ScramMessage.bytes(nonce))) {
            throw new ProtocolViolation(SqlState.PROTOCOL_VIOLATION, "invalid SCRAM response: nonce does not match");
        }
        byte[] signed = ScramMessage.bytes(firstBare + "," + serverFirst + "," + in.between(0, proofAt));
        byte[] clientKey = ScramCrypto.xor(proof, ScramCrypto.hmac(secret.storedKey(), signed));
        if (!MessageDigest.isEqual(ScramCrypto.sha256(clientKey), secret.storedKey())) {
            throw new ProtocolViolation(SqlState.INVALID_PASSWORD, "password authentication failed");
        }
        proved = new ScramKeys(clientKey, secret.serverKey());
        return ScramMessage.bytes("v=" + ScramCrypto.base64(ScramCrypto.hmac(secret.serverKey(), signed)));
    }

    /**
     * What the client has proved to know, once {@link #last} has returned. Whoever has it can log in as the client wherever the
     * same secret is stored.
     */
    public ScramKeys proved() {
        if (proved == null) {
            throw new IllegalStateException("nothing has been proved");
        }
        return proved;
    }

    private String expectedBinding() {
        byte[] header = ScramMessage.bytes(gs2Header);
        if (bindingData == null || !mechanism.equals(MECHANISM_PLUS)) {
            return ScramCrypto.base64(header);
        }
        byte[] all = new byte[header.length + bindingData.length];
        System.arraycopy(header, 0, all, 0, header.length);
        System.arraycopy(bindingData, 0, all, header.length, bindingData.length);
        return ScramCrypto.base64(all);
    }

    private void advance(Phase expected) {
        if (phase != expected) {
            throw new IllegalStateException("SCRAM step out of order: " + phase + " instead of " + expected);
        }
        phase = Phase.DONE;
    }

    private static ProtocolViolation unsupported(String message) {
        return new ProtocolViolation(SqlState.FEATURE_NOT_SUPPORTED, message);
    }
}
