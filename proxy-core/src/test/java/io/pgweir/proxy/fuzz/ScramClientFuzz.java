package io.pgweir.proxy.fuzz;

import io.pgweir.protocol.auth.ScramClient;
import io.pgweir.protocol.auth.ScramKeys;
import io.pgweir.protocol.wire.Limits;
import io.pgweir.protocol.wire.ProtocolViolation;
import java.nio.charset.StandardCharsets;

/**
 * Both messages of a server that does not know the password: refused, and never much work. Input: the two messages with a line
 * feed between them; N stands for the client's nonce in the first.
 */
public final class ScramClientFuzz {
    private static final ScramKeys KEYS = new ScramKeys(new byte[32], new byte[32]);

    private ScramClientFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        String text = new String(input, StandardCharsets.ISO_8859_1);
        int cut = text.indexOf('\n');
        String first = cut < 0 ? text : text.substring(0, cut);
        String last = cut < 0 ? "" : text.substring(cut + 1);
        exchange(new ScramClient(), first, last);
        exchange(ScramClient.boundTo(new byte[32]), first, last);
    }

    private static void exchange(ScramClient client, String first, String last) {
        String sent = new String(client.first(), StandardCharsets.ISO_8859_1);
        String nonce = sent.substring(sent.indexOf(",r=") + 3);
        try {
            ScramClient.Challenge challenge = client.challenge(bytes(first.replace("N", nonce)));
            if (challenge.iterations() > Limits.SCRAM_ITERATIONS || challenge.salt().length > Limits.SCRAM_SALT) {
                throw new AssertionError("more work than is allowed");
            }
            client.last(KEYS);
            client.verify(bytes(last));
        } catch (ProtocolViolation refused) {
            if (client.isVerified()) {
                throw new AssertionError("refused and verified");
            }
            return;
        }
        throw new AssertionError("a server without the password was believed");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
