package io.pgweir.proxy.state;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Messages in one write, and how many ReadyForQuery end the answer.
 *
 * @param ready one for each Query and each Sync among the messages
 */
record Exchange(List<Sent> messages, int ready) {
    /** A busy machine may let a client wait for a backend. */
    private static final Duration PATIENCE = Duration.ofSeconds(40);

    Exchange {
        messages = List.copyOf(messages);
    }

    /** Of messages that end in one ReadyForQuery. */
    static Exchange of(Sent... messages) {
        return new Exchange(List.of(messages), 1);
    }

    /** A simple query. */
    static Exchange query(String sql) {
        return of(Sent.query(sql));
    }

    /** A statement by the extended protocol. */
    static Exchange unnamed(String sql, String... values) {
        return of(Sent.unnamed(sql, values), Sent.sync());
    }

    void send(WireClient client) throws IOException {
        client.send(Frontend.join(messages.stream().map(Sent::bytes).toArray(byte[][]::new)));
    }

    /** The answer, up to its last ReadyForQuery. */
    List<ServerMessage> read(WireClient client) throws IOException {
        List<ServerMessage> answer = new ArrayList<>();
        for (int missing = ready; missing > 0; ) {
            ServerMessage message = client.read(PATIENCE);
            answer.add(message);
            missing -= message.type() == 'Z' ? 1 : 0;
        }
        return answer;
    }

    List<ServerMessage> run(WireClient client) throws IOException {
        send(client);
        return read(client);
    }

    /** As a step of a wire program in Java. */
    @Override
    public String toString() {
        if (messages.size() == 1 && messages.get(0).source().startsWith("query(")) {
            return "." + messages.get(0);
        }
        return messages.stream().map(Sent::toString).collect(Collectors.joining(", ", ".send(", ")")) + ".ready("
                + ready + ")";
    }
}
