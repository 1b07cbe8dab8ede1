package io.pgweir.proxy.session;

import io.pgweir.protocol.auth.Md5Password;
import io.pgweir.protocol.auth.ScramClient;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** A login that says how it went; the password may be empty, which client libraries do not let one try. */
final class LoginAttempt {
    /** What the server asked for, its messages one after the other, without what is random in them. */
    private final StringBuilder exchange = new StringBuilder();

    private String outcome = "";

    private LoginAttempt() {}

    /** @param startup pairs of name and value beside the user and the database */
    static LoginAttempt at(RunningProxy proxy, String database, String user, String password, String... startup)
            throws IOException {
        LoginAttempt attempt = new LoginAttempt();
        Map<String, String> parameters = new HashMap<>(Map.of("user", user, "database", database));
        for (int i = 0; i < startup.length; i += 2) {
            parameters.put(startup[i], startup[i + 1]);
        }
        try (WireClient client = WireClient.connect(proxy.host(), proxy.port())) {
            client.send(Frontend.startup(0, parameters));
            attempt.run(client, user, password);
        }
        return attempt;
    }

    private void run(WireClient client, String user, String password) throws IOException {
        ScramClient scram = new ScramClient(password);
        while (outcome.isEmpty()) {
            ServerMessage message = client.read();
            switch (message.type()) {
                case 'E' -> {
                    exchange.append("E ").append(message.fields().get('M'));
                    outcome = message.fields().get('C') + " " + message.fields().get('M');
                }
                case 'Z' -> outcome = "in as " + client.value("SELECT current_user::text");
                case 'R' -> {
                    ByteBuffer body = ByteBuffer.wrap(message.body());
                    int code = body.getInt();
                    exchange.append("R").append(code).append(' ');
                    byte[] rest = new byte[body.remaining()];
                    body.get(rest);
                    switch (code) {
                        case 3 -> client.send(Frontend.password(password));
                        case 5 -> client.send(Frontend.password(Md5Password.hash(user, password, rest)));
                        case 10 ->
                            client.send(Frontend.saslInitialResponse(
                                    ScramClient.MECHANISM, new String(scram.first(), StandardCharsets.ISO_8859_1)));
                        case 11 -> {
                            String first = new String(rest, StandardCharsets.ISO_8859_1);
                            exchange.append(first.replaceAll("r=[^,]*,s=", "s="))
                                    .append(' ');
                            client.send(
                                    Frontend.saslResponse(new String(scram.last(rest), StandardCharsets.ISO_8859_1)));
                        }
                        case 12 -> scram.verify(rest);
                        default -> {}
                    }
                }
                default -> {}
            }
        }
    }

    /** {@code in as USER}, or SQLSTATE and message. */
    String outcome() {
        return outcome;
    }

    /** What the server has sent up to the end of the login, but for nonces. */
    String exchange() {
        return exchange.toString();
    }
}
