package io.pgweir.proxy.backend;

import java.util.Arrays;

/**
 * Anything that a server may say when pgweir logs in: a connection or a failure, no exception, and nobody is logged in to a server
 * that has asked for SCRAM and proved nothing. Input: a byte for the length of the pieces, then what the server sends.
 */
public final class BackendLoginFuzz {
    private BackendLoginFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length < 1) {
            return;
        }
        int piece = 1 + (input[0] & 0x7f);
        byte[] stream = Arrays.copyOfRange(input, 1, input.length);
        boolean scram = false;
        try (LoginAttempt login = new LoginAttempt()) {
            for (int at = 0; at < stream.length; at += piece) {
                login.serverSends(Arrays.copyOfRange(stream, at, Math.min(stream.length, at + piece)));
                scram |= login.sent().contains("SCRAM-SHA-256");
            }
            if (login.isConnected() && scram) {
                throw new AssertionError("a server is believed that cannot know pgweir's nonce");
            }
            if (login.isOver() && !login.isConnected() && login.failure() == null) {
                throw new AssertionError("it is over, and nobody knows why");
            }
        }
    }
}
