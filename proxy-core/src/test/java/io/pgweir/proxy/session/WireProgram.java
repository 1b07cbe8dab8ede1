package io.pgweir.proxy.session;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a client sends after its login, in steps, and after each step what it waits for. Run on PostgreSQL and through the
 * proxy it must give the same transcript.
 */
final class WireProgram {
    /** Puts the bytes of one step on the wire. */
    interface Sender {
        Sender AT_ONCE = WireClient::send;

        void send(WireClient client, byte[] bytes) throws IOException;
    }

    /** Bytes, and how many messages of which type end the answer; none is waited for if {@code times} is 0. */
    record Step(byte[] bytes, char until, int times) {}

    private final String name;
    private final List<Step> steps = new ArrayList<>();
    private byte[] pending = {};
    private boolean needsItsBackend;
    private boolean answeredAtLength;

    private WireProgram(String name) {
        this.name = name;
    }

    static WireProgram named(String name) {
        return new WireProgram(name);
    }

    /** Adds messages to the current step. */
    WireProgram send(byte[]... messages) {
        pending = Frontend.join(pending, Frontend.join(messages));
        return this;
    }

    /** One simple Query, its answer awaited. */
    WireProgram query(String sql) {
        return send(Frontend.query(sql)).ready(1);
    }

    /** Ends the step: so many ReadyForQuery are the answer. */
    WireProgram ready(int times) {
        return until('Z', times);
    }

    /** Ends the step: the answer ends with the given message. */
    WireProgram until(char type) {
        return until(type, 1);
    }

    WireProgram until(char type, int times) {
        steps.add(new Step(pending, type, times));
        pending = new byte[0];
        return this;
    }

    /** Its transcript differs if the client changes from one backend to another. */
    WireProgram onOneBackend() {
        needsItsBackend = true;
        return this;
    }

    /** Its answer has megabytes, too much to be passed on byte by byte. */
    WireProgram answeredAtLength() {
        answeredAtLength = true;
        return this;
    }

    boolean isAnsweredAtLength() {
        return answeredAtLength;
    }

    boolean needsItsBackend() {
        return needsItsBackend;
    }

    List<Step> steps() {
        if (pending.length > 0) {
            throw new IllegalStateException(name + " does not wait for its last answer");
        }
        return steps;
    }

    int length() {
        return steps.stream().mapToInt(step -> step.bytes().length).sum();
    }

    /** The transcript, one line per step; afterwards nothing more may come. */
    List<String> run(WireClient client, Sender sender) throws IOException {
        List<String> lines = new ArrayList<>();
        for (Step step : steps()) {
            sender.send(client, step.bytes());
            List<ServerMessage> answer = new ArrayList<>();
            for (int i = 0; i < step.times(); i++) {
                answer.addAll(client.readUntil(step.until()));
            }
            lines.add(answer.stream().map(WireProgram::text).collect(Collectors.joining(" ")));
        }
        client.send(Frontend.query("SELECT 'the end'"));
        lines.add(client.readUntilReady().stream().map(WireProgram::text).collect(Collectors.joining(" ")));
        return lines;
    }

    /** Everything of a message that must be equal; what names a source line of the server is left out. */
    static String text(ServerMessage message) {
        return switch (message.type()) {
            case 'E', 'N' -> {
                Map<Character, String> fields = message.fields();
                yield message.type() + "[" + fields.get('S') + " " + fields.get('C') + " " + fields.get('M') + " "
                        + fields.get('P') + " " + fields.get('D') + " " + fields.get('W') + "]";
            }
            case 'D', 'd', 'V', 'T', 'G', 'H', 't' ->
                (message.body().length > 300 ? String.valueOf(message.type()) : message) + "#"
                        + Integer.toHexString(Arrays.hashCode(message.body()));
            default -> message.toString();
        };
    }

    @Override
    public String toString() {
        return name;
    }
}
