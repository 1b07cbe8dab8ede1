package io.pgweir.proxy.state;

import io.pgweir.proxy.testkit.ServerMessage;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The text of an answer, so that answers of two servers can be compared: everything that a client can see, without what
 * names a backend, an object's OID or a source line of the server.
 */
final class Transcript {
    private Transcript() {}

    /** What parameters have come to be stands before ReadyForQuery, where PostgreSQL sends it, in the order of names. */
    static String of(List<ServerMessage> messages) {
        List<String> texts = new ArrayList<>();
        Map<String, String> reported = new TreeMap<>();
        for (ServerMessage message : messages) {
            if (message.type() == 'S') {
                reported.put(message.firstString(), text(message));
                continue;
            }
            if (message.type() == 'Z') {
                texts.addAll(reported.values());
                reported.clear();
            }
            texts.add(text(message));
        }
        texts.addAll(reported.values());
        return String.join(" ", texts);
    }

    static String text(ServerMessage message) {
        return switch (message.type()) {
            case 'E', 'N' -> error(message);
            case 'T' -> description(message);
            case 'd' -> "d[" + new String(message.body(), StandardCharsets.UTF_8).strip() + "]";
            case 'A' -> "A" + message.toString().replaceFirst("A\\[\\d+ ", "[");
            default -> message.toString();
        };
    }

    private static String error(ServerMessage message) {
        Map<Character, String> fields = message.fields();
        StringBuilder text = new StringBuilder().append(message.type()).append('[');
        text.append(fields.get('S'))
                .append(' ')
                .append(fields.get('C'))
                .append(' ')
                .append(fields.get('M'));
        boolean own = List.of("26000", "25P02").contains(fields.get('C')); // pgweir has these too, and adds a hint
        for (char more : new char[] {'D', 'H', 'P', 'W'}) {
            String value = fields.get(more);
            if (value != null && !(own && more == 'H')) {
                text.append(' ').append(more).append('=').append(value);
            }
        }
        return withoutTemporarySchemas(text.append(']').toString());
    }

    /** Names, types, type modifiers and formats of the columns; not the table they come from, which has another OID. */
    private static String description(ServerMessage message) {
        ByteBuffer in = ByteBuffer.wrap(message.body());
        List<String> names = message.columns();
        StringBuilder text = new StringBuilder("T[");
        in.getShort();
        for (String name : names) {
            in.position(in.position() + name.getBytes(StandardCharsets.UTF_8).length + 1 + 6);
            text.append(name).append(':').append(in.getInt()).append(',').append(in.getShort());
            text.append(',')
                    .append(in.getInt())
                    .append(',')
                    .append(in.getShort())
                    .append(' ');
        }
        return text.toString().strip() + "]";
    }

    private static String withoutTemporarySchemas(String text) {
        return text.replaceAll("pg_(toast_)?temp_\\d+", "pg_$1temp_N");
    }
}
