package io.pgweir.protocol.wire;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;

/** The server's authentication requests and its consent. */
public sealed interface Authentication extends BackendMessage {
    int OK = 0;
    int CLEARTEXT_PASSWORD = 3;
    int MD5_PASSWORD = 5;
    int SASL = 10;
    int SASL_CONTINUE = 11;
    int SASL_FINAL = 12;

    record Ok() implements Authentication {
        @Override
        public void encode(ByteBuf buf) {
            BackendWriter.authenticationOk(buf);
        }
    }

    record CleartextPassword() implements Authentication {
        @Override
        public void encode(ByteBuf buf) {
            BackendWriter.authenticationCleartextPassword(buf);
        }
    }

    /** @param salt 4 bytes */
    record Md5Password(byte[] salt) implements Authentication {
        @Override
        public void encode(ByteBuf buf) {
            BackendWriter.authenticationMd5Password(buf, salt);
        }
    }

    /** @param mechanisms the server's, in its order of preference */
    record Sasl(List<String> mechanisms) implements Authentication {
        public Sasl {
            mechanisms = List.copyOf(mechanisms);
        }

        @Override
        public void encode(ByteBuf buf) {
            BackendWriter.authenticationSasl(buf, mechanisms);
        }
    }

    record SaslContinue(byte[] data) implements Authentication {
        @Override
        public void encode(ByteBuf buf) {
            BackendWriter.authenticationSaslContinue(buf, data);
        }
    }

    record SaslFinal(byte[] data) implements Authentication {
        @Override
        public void encode(ByteBuf buf) {
            BackendWriter.authenticationSaslFinal(buf, data);
        }
    }

    /** A request this module has no reader for: Kerberos, GSSAPI, SSPI and what may come. */
    record Unsupported(int code) implements Authentication {
        @Override
        public void encode(ByteBuf buf) {
            BackendWriter.authentication(buf, code);
        }
    }

    /** @throws ProtocolViolation on a malformed body; an unknown code is {@link Unsupported}, its data ignored */
    static Authentication decode(ByteBuf body) {
        BodyReader in = new BodyReader(body);
        int code = in.int32();
        Authentication message = switch (code) {
            case OK -> new Ok();
            case CLEARTEXT_PASSWORD -> new CleartextPassword();
            case MD5_PASSWORD -> new Md5Password(in.bytes(4));
            case SASL -> new Sasl(mechanisms(in));
            case SASL_CONTINUE -> new SaslContinue(in.rest());
            case SASL_FINAL -> new SaslFinal(in.rest());
            default -> {
                in.rest();
                yield new Unsupported(code);
            }
        };
        in.end();
        return message;
    }

    private static List<String> mechanisms(BodyReader in) {
        List<String> mechanisms = new ArrayList<>();
        for (String name = in.string(); !name.isEmpty(); name = in.string()) {
            mechanisms.add(name);
        }
        return mechanisms;
    }
}
