package io.pgweir.proxy.testkit;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Encodes what a server sends, for {@link FakePostgres}. On purpose without any code of the product. */
public final class Backend {

    private Backend() {}

    public static byte[] authenticationOk() {
        return authentication(0, new byte[0]);
    }

    public static byte[] authenticationCleartext() {
        return authentication(3, new byte[0]);
    }

    public static byte[] authenticationMd5(byte[] salt) {
        return authentication(5, salt);
    }

    /** Any AuthenticationRequest by its code. */
    public static byte[] authentication(int code, byte[] rest) {
        return Frontend.typed('R', out -> {
            out.writeInt(code);
            out.write(rest);
        });
    }

    public static byte[] parameterStatus(String name, String value) {
        return Frontend.typed('S', out -> {
            Frontend.string(out, name);
            Frontend.string(out, value);
        });
    }

    public static byte[] backendKeyData(int pid, byte[] key) {
        return Frontend.typed('K', out -> {
            out.writeInt(pid);
            out.write(key);
        });
    }

    /** {@code state}: I idle, T in a transaction, E in a failed one. */
    public static byte[] readyForQuery(char state) {
        return Frontend.typed('Z', out -> out.writeByte(state));
    }

    /** Text columns of type text. */
    public static byte[] rowDescription(String... names) {
        return Frontend.typed('T', out -> {
            out.writeShort(names.length);
            for (String name : names) {
                Frontend.string(out, name);
                out.writeInt(0);
                out.writeShort(0);
                out.writeInt(25);
                out.writeShort(-1);
                out.writeInt(-1);
                out.writeShort(0);
            }
        });
    }

    public static byte[] dataRow(@Nullable String... values) {
        return Frontend.typed('D', out -> {
            out.writeShort(values.length);
            for (String value : values) {
                byte[] bytes = value == null ? new byte[0] : Frontend.utf8(value);
                out.writeInt(value == null ? -1 : bytes.length);
                out.write(bytes);
            }
        });
    }

    public static byte[] commandComplete(String tag) {
        return Frontend.typed('C', out -> Frontend.string(out, tag));
    }

    public static byte[] parseComplete() {
        return Frontend.raw('1', new byte[0]);
    }

    public static byte[] bindComplete() {
        return Frontend.raw('2', new byte[0]);
    }

    public static byte[] noData() {
        return Frontend.raw('n', new byte[0]);
    }

    public static byte[] errorResponse(String severity, String sqlState, String message) {
        return fields('E', severity, sqlState, message);
    }

    public static byte[] noticeResponse(String severity, String sqlState, String message) {
        return fields('N', severity, sqlState, message);
    }

    public static byte[] notificationResponse(int pid, String channel, String payload) {
        return Frontend.typed('A', out -> {
            out.writeInt(pid);
            Frontend.string(out, channel);
            Frontend.string(out, payload);
        });
    }

    public static byte[] negotiateProtocolVersion(int newestMinor, List<String> unknownOptions) {
        return Frontend.typed('v', out -> {
            out.writeInt(3 << 16 | newestMinor);
            out.writeInt(unknownOptions.size());
            for (String option : unknownOptions) {
                Frontend.string(out, option);
            }
        });
    }

    private static byte[] fields(char type, String severity, String sqlState, String message) {
        return Frontend.typed(type, out -> {
            for (String field : List.of("S" + severity, "V" + severity, "C" + sqlState, "M" + message)) {
                Frontend.string(out, field);
            }
            out.writeByte(0);
        });
    }
}
