package io.pgweir.proxy.testkit;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Encodes what a client sends ("Message Formats" in the PostgreSQL manual), on purpose without any code of the product.
 * Each method returns one whole message; {@link #join} makes a pipeline of several.
 */
public final class Frontend {

    private static final int SSL_REQUEST = 80877103;
    private static final int GSSENC_REQUEST = 80877104;
    private static final int CANCEL_REQUEST = 80877102;

    private Frontend() {}

    /** Several messages as one byte string. */
    public static byte[] join(byte[]... messages) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] message : messages) {
            out.writeBytes(message);
        }
        return out.toByteArray();
    }

    /** StartupMessage of protocol {@code 3.minor}. */
    public static byte[] startup(int minor, Map<String, String> parameters) {
        return untyped(out -> {
            out.writeInt(3 << 16 | minor);
            for (Map.Entry<String, String> parameter : parameters.entrySet()) {
                string(out, parameter.getKey());
                string(out, parameter.getValue());
            }
            out.writeByte(0);
        });
    }

    public static byte[] sslRequest() {
        return untyped(out -> out.writeInt(SSL_REQUEST));
    }

    public static byte[] gssEncRequest() {
        return untyped(out -> out.writeInt(GSSENC_REQUEST));
    }

    public static byte[] cancelRequest(int pid, byte[] key) {
        return untyped(out -> {
            out.writeInt(CANCEL_REQUEST);
            out.writeInt(pid);
            out.write(key);
        });
    }

    public static byte[] password(String password) {
        return typed('p', out -> string(out, password));
    }

    public static byte[] saslInitialResponse(String mechanism, String response) {
        return typed('p', out -> {
            string(out, mechanism);
            byte[] bytes = utf8(response);
            out.writeInt(bytes.length);
            out.write(bytes);
        });
    }

    public static byte[] saslResponse(String response) {
        return typed('p', out -> out.write(utf8(response)));
    }

    public static byte[] query(String sql) {
        return typed('Q', out -> string(out, sql));
    }

    public static byte[] parse(String name, String sql, int... parameterTypes) {
        return typed('P', out -> {
            string(out, name);
            string(out, sql);
            out.writeShort(parameterTypes.length);
            for (int type : parameterTypes) {
                out.writeInt(type);
            }
        });
    }

    /** Bind with text parameters ({@code null} is NULL) and text results. */
    public static byte[] bind(String portal, String statement, @Nullable String... parameters) {
        byte[][] values = new byte[parameters.length][];
        for (int i = 0; i < parameters.length; i++) {
            String parameter = parameters[i];
            values[i] = parameter == null ? null : utf8(parameter);
        }
        return bind(portal, statement, List.of(), values, List.of());
    }

    /** Bind with everything there is. A null value is NULL; format codes are 0 for text and 1 for binary. */
    public static byte[] bind(
            String portal,
            String statement,
            List<Integer> parameterFormats,
            byte[][] values,
            List<Integer> resultFormats) {
        return typed('B', out -> {
            string(out, portal);
            string(out, statement);
            shorts(out, parameterFormats);
            values(out, values);
            shorts(out, resultFormats);
        });
    }

    public static byte[] describeStatement(String name) {
        return named('D', 'S', name);
    }

    public static byte[] describePortal(String name) {
        return named('D', 'P', name);
    }

    public static byte[] closeStatement(String name) {
        return named('C', 'S', name);
    }

    public static byte[] closePortal(String name) {
        return named('C', 'P', name);
    }

    /** {@code maxRows} 0 means all. */
    public static byte[] execute(String portal, int maxRows) {
        return typed('E', out -> {
            string(out, portal);
            out.writeInt(maxRows);
        });
    }

    public static byte[] sync() {
        return typed('S', out -> {});
    }

    public static byte[] flush() {
        return typed('H', out -> {});
    }

    public static byte[] terminate() {
        return typed('X', out -> {});
    }

    public static byte[] copyData(byte[] data) {
        return typed('d', out -> out.write(data));
    }

    public static byte[] copyData(String text) {
        return copyData(utf8(text));
    }

    public static byte[] copyDone() {
        return typed('c', out -> {});
    }

    public static byte[] copyFail(String reason) {
        return typed('f', out -> string(out, reason));
    }

    /** FunctionCall; formats as in {@link #bind(String, String, List, byte[][], List)}. */
    public static byte[] functionCall(int oid, List<Integer> formats, byte[][] values, int resultFormat) {
        return typed('F', out -> {
            out.writeInt(oid);
            shorts(out, formats);
            values(out, values);
            out.writeShort(resultFormat);
        });
    }

    /** Parse, Bind, Describe and Execute of the unnamed statement and portal, without Sync. */
    public static byte[] unnamed(String sql, @Nullable String... parameters) {
        return join(parse("", sql), bind("", "", parameters), describePortal(""), execute("", 0));
    }

    /** A message of any type with any body, right or wrong. */
    public static byte[] raw(char type, byte[] body) {
        return typed(type, out -> out.write(body));
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] named(char type, char kind, String name) {
        return typed(type, out -> {
            out.writeByte(kind);
            string(out, name);
        });
    }

    private static void shorts(DataOutputStream out, List<Integer> numbers) throws IOException {
        out.writeShort(numbers.size());
        for (int number : numbers) {
            out.writeShort(number);
        }
    }

    private static void values(DataOutputStream out, byte[][] values) throws IOException {
        out.writeShort(values.length);
        for (byte[] value : values) {
            out.writeInt(value == null ? -1 : value.length);
            if (value != null) {
                out.write(value);
            }
        }
    }

    static void string(DataOutputStream out, String text) throws IOException {
        out.write(utf8(text));
        out.writeByte(0);
    }

    /** Writes the part of a message after its length. */
    interface Body {
        void write(DataOutputStream out) throws IOException;
    }

    static byte[] typed(char type, Body body) {
        byte[] rest = untyped(body);
        byte[] message = new byte[rest.length + 1];
        message[0] = (byte) type;
        System.arraycopy(rest, 0, message, 1, rest.length);
        return message;
    }

    private static byte[] untyped(Body body) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        try {
            body.write(new DataOutputStream(bytes));
            DataOutputStream out = new DataOutputStream(whole);
            out.writeInt(bytes.size() + 4);
            bytes.writeTo(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return whole.toByteArray();
    }
}
