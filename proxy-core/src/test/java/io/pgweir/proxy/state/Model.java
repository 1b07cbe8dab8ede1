package io.pgweir.proxy.state;

import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What PostgreSQL itself does with a piece of state, on a connection that nobody else uses.
 *
 * @param making answers to the statements that make it
 * @param owner what its owner sees then
 * @param discarding the answer to DISCARD ALL
 * @param discarded what its owner sees after that
 */
record Model(List<String> making, String owner, String discarding, String discarded) {

    static Model of(WireClient direct, StateKind kind, Way way) throws IOException {
        List<String> making = make(direct, kind, way);
        String owner = Look.by(direct, kind).answer();
        String discarding = Transcript.of(Exchange.query("DISCARD ALL").run(direct));
        return new Model(making, owner, discarding, Look.by(direct, kind).answer());
    }

    static List<String> make(WireClient client, StateKind kind, Way way) throws IOException {
        List<String> answers = new ArrayList<>();
        for (Exchange exchange : way.of(kind)) {
            answers.add(Transcript.of(exchange.run(client)));
        }
        return answers;
    }
}
