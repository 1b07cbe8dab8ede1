package io.pgweir.proxy.testkit;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One message from a server. Its text form is one short word for transcripts: {@code T[id|name]}, {@code D[1|null]},
 * {@code C[SELECT 1]}, {@code E[42P01 relation "x" does not exist]}, {@code Z[I]}, {@code 1}, {@code d[12 bytes]}.
 *
 * @param type the type byte
 * @param body what follows the length; not copied
 */
public record ServerMessage(char type, byte[] body) {

    /** The messages in one line, separated by blanks. */
    public static String transcript(List<ServerMessage> messages) {
        return messages.stream().map(ServerMessage::toString).collect(Collectors.joining(" "));
    }

    /** Values of a DataRow as text; an element is null for NULL. */
    public List<@Nullable String> values() {
        expect('D');
        ByteBuffer in = ByteBuffer.wrap(body);
        int count = in.getShort();
        List<@Nullable String> values = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int length = in.getInt();
            values.add(length < 0 ? null : text(in, length));
        }
        return values;
    }

    /** Column names of a RowDescription. */
    public List<String> columns() {
        expect('T');
        ByteBuffer in = ByteBuffer.wrap(body);
        int count = in.getShort();
        List<String> names = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            names.add(string(in));
            in.position(in.position() + 18);
        }
        return names;
    }

    /** Fields of an ErrorResponse or NoticeResponse by their letters: C is the SQLSTATE, M the message, R the routine. */
    public Map<Character, String> fields() {
        if (type != 'E' && type != 'N') {
            throw new IllegalStateException("not an error or notice: " + this);
        }
        ByteBuffer in = ByteBuffer.wrap(body);
        Map<Character, String> fields = new LinkedHashMap<>();
        for (byte letter = in.get(); letter != 0; letter = in.get()) {
            fields.put((char) letter, string(in));
        }
        return fields;
    }

    /** The transaction state of a ReadyForQuery: I, T or E. */
    public char transactionState() {
        expect('Z');
        return (char) body[0];
    }

    /** First zero-terminated string of the body: the tag of a CommandComplete, the name of a ParameterStatus. */
    public String firstString() {
        return string(ByteBuffer.wrap(body));
    }

    @Override
    public String toString() {
        ByteBuffer in = ByteBuffer.wrap(body);
        return switch (type) {
            case 'T' -> "T[" + String.join("|", columns()) + "]";
            case 'D' -> "D[" + values().stream().map(String::valueOf).collect(Collectors.joining("|")) + "]";
            case 'C' -> "C[" + firstString() + "]";
            case 'Z' -> "Z[" + transactionState() + "]";
            case 'E', 'N' -> type + "[" + fields().get('C') + " " + fields().get('M') + "]";
            case 'S' -> "S[" + string(in) + "=" + string(in) + "]";
            case 'K' -> "K[" + in.getInt() + "]";
            case 'R' -> "R[" + in.getInt() + "]";
            case 'A' -> "A[" + in.getInt() + " " + string(in) + " " + string(in) + "]";
            case 't' -> "t" + types(in);
            case 'd', 'V' -> type + "[" + body.length + " bytes]";
            case 'G', 'H', 'W' -> type + "[" + in.get() + " " + in.getShort() + " columns]";
            default -> body.length == 0 ? String.valueOf(type) : type + "[" + body.length + " bytes]";
        };
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ServerMessage that && type == that.type && Arrays.equals(body, that.body);
    }

    @Override
    public int hashCode() {
        return 31 * type + Arrays.hashCode(body);
    }

    private void expect(char expected) {
        if (type != expected) {
            throw new IllegalStateException("not a " + expected + " message: " + this);
        }
    }

    private static List<Integer> types(ByteBuffer in) {
        List<Integer> types = new ArrayList<>();
        for (int left = in.getShort(); left > 0; left--) {
            types.add(in.getInt());
        }
        return types;
    }

    private static String string(ByteBuffer in) {
        int end = in.position();
        while (in.get(end) != 0) {
            end++;
        }
        String text = text(in, end - in.position());
        in.get();
        return text;
    }

    private static String text(ByteBuffer in, int length) {
        byte[] bytes = new byte[length];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
