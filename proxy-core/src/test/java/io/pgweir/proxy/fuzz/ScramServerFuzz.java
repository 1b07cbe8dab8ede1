package io.pgweir.proxy.fuzz;

import io.pgweir.protocol.auth.ScramSecret;
import io.pgweir.protocol.auth.ScramServer;
import io.pgweir.protocol.wire.ProtocolViolation;
import java.nio.charset.StandardCharsets;

/**
 * Both messages of a client that does not know the password: refused, and nothing else. Input: the two messages with a line feed
 * between them; N stands for the nonce in the second.
 */
public final class ScramServerFuzz {
    private static final ScramSecret SECRET = ScramSecret.mock(new byte[32], "app");

    private ScramServerFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        String text = new String(input, StandardCharsets.ISO_8859_1);
        int cut = text.indexOf('\n');
        String first = cut < 0 ? text : text.substring(0, cut);
        String last = cut < 0 ? "" : text.substring(cut + 1);
        for (byte[] binding : new byte[][] {null, new byte[32]}) {
            for (String mechanism : new String[] {ScramServer.MECHANISM, ScramServer.MECHANISM_PLUS}) {
                exchange(mechanism, binding, first, last);
            }
        }
    }

    private static void exchange(String mechanism, byte[] binding, String first, String last) {
        try {
            ScramServer server = new ScramServer(SECRET, mechanism, binding);
            String challenge = new String(server.first(bytes(first)), StandardCharsets.ISO_8859_1);
            String nonce = challenge.substring(2, challenge.indexOf(",s="));
            server.last(bytes(last.replace("N", nonce)));
        } catch (ProtocolViolation refused) {
            return;
        }
        throw new AssertionError("logged in without the password");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
