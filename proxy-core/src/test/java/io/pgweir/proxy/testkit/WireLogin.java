package io.pgweir.proxy.testkit;

import com.ongres.scram.client.ScramClient;
import com.ongres.scram.common.exception.ScramException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Answers the authentication requests of one login: trust, password, md5, SCRAM-SHA-256 (without channel binding). */
final class WireLogin {

    private final WireClient client;
    private final String user;
    private final @Nullable String password;
    private @Nullable ScramClient scram;

    WireLogin(WireClient client, String user, @Nullable String password) {
        this.client = client;
        this.user = user;
        this.password = password;
    }

    /** Reads up to ReadyForQuery. @throws LoginRefused with the server's error */
    void run() throws IOException {
        while (true) {
            ServerMessage message = client.read();
            switch (message.type()) {
                case 'R' -> answer(ByteBuffer.wrap(message.body()));
                case 'E' -> throw new LoginRefused(message);
                case 'Z' -> {
                    return;
                }
                default -> client.remember(message);
            }
        }
    }

    private void answer(ByteBuffer request) throws IOException {
        int code = request.getInt();
        byte[] rest = new byte[request.remaining()];
        request.get(rest);
        String text = new String(rest, StandardCharsets.UTF_8);
        try {
            switch (code) {
                case 0 -> {}
                case 3 -> client.send(Frontend.password(password()));
                case 5 -> client.send(Frontend.password(md5(rest)));
                case 10 -> {
                    scram = ScramClient.builder()
                            .advertisedMechanisms(List.of("SCRAM-SHA-256"))
                            .username("*") // ignored: the server takes the name of the startup packet
                            .password(password().toCharArray())
                            .build();
                    client.send(Frontend.saslInitialResponse(
                            "SCRAM-SHA-256", scram().clientFirstMessage().toString()));
                }
                case 11 -> {
                    scram().serverFirstMessage(text);
                    client.send(
                            Frontend.saslResponse(scram().clientFinalMessage().toString()));
                }
                case 12 -> scram().serverFinalMessage(text);
                default -> throw new IOException("authentication request " + code + " is not known");
            }
        } catch (ScramException e) {
            throw new IOException("SCRAM: " + e.getMessage(), e);
        }
    }

    private String password() throws IOException {
        if (password == null) {
            throw new IOException("the server wants a password and the test has none");
        }
        return password;
    }

    private ScramClient scram() throws IOException {
        if (scram == null) {
            throw new IOException("SASL continued before it began");
        }
        return scram;
    }

    private String md5(byte[] salt) throws IOException {
        String inner = md5Hex((password() + user).getBytes(StandardCharsets.UTF_8));
        return "md5" + md5Hex(Frontend.join(inner.getBytes(StandardCharsets.US_ASCII), salt));
    }

    private static String md5Hex(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
