package io.pgweir.proxy.state;

import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a client sees when it looks for a piece of state.
 *
 * @param backend where it looked; null if the answer does not tell
 * @param answer the transcript, the process ID apart
 */
record Look(@Nullable String backend, String answer) {

    static Look by(WireClient client, StateKind kind) throws IOException {
        return of(kind.probe().run(client));
    }

    static Look of(List<ServerMessage> messages) {
        for (ServerMessage message : messages) {
            if (message.type() == 'D') {
                String pid = message.values().get(0);
                String answer = Transcript.of(messages);
                return new Look(pid, pid == null ? answer : answer.replaceFirst("D\\[" + pid + "\\b", "D[pid"));
            }
        }
        return new Look(null, Transcript.of(messages));
    }
}
