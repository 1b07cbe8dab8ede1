package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** The error that a client gets which has waited in vain, held against the rules for all of them. */
record PoolFailure(String message, String detail, String hint) {
    /** Sends a statement that fails for want of a backend. */
    static PoolFailure of(WireClient client) throws IOException {
        client.send(Frontend.query("select 'waited'"));
        return read(client);
    }

    /** The answer to a statement sent before; the client is usable afterwards. */
    static PoolFailure read(WireClient client) throws IOException {
        List<ServerMessage> messages = client.readUntilReady();
        assertThat(messages).hasSize(2);
        assertThat(messages.get(1).transactionState()).isEqualTo('I');
        PoolFailure failure = of(messages.get(0));
        assertThat(messages.get(0).fields()).containsEntry('S', "ERROR");
        return failure;
    }

    /**
     * The message with "most" for a share of 85 % and more, and without the rest: what is sampled at the edges of a wait may
     * belong to what was before it.
     */
    String gist() {
        return message.replaceFirst("\\b(8[5-9]|9\\d|100)% of pool time", "most of pool time")
                .replaceFirst("; 1?\\d% .*?\\. Cause", ". Cause");
    }

    static PoolFailure of(ServerMessage error) {
        Map<Character, String> fields = error.fields();
        assertThat(fields).containsEntry('C', "53300").containsKeys('M', 'D', 'H');
        assertThat(fields.get('R')).startsWith("pgweir_");
        String message = fields.get('M');
        assertThat(message.length()).as(message).isLessThanOrEqualTo(400);
        assertThat(message).doesNotContain("\n").containsPattern("\\. incident [0-9a-f]{6}$");
        assertThat(fields.get('D')).doesNotContain("\n");
        return new PoolFailure(message, fields.get('D'), fields.get('H'));
    }

    String incident() {
        return message.substring(message.length() - 6);
    }
}
