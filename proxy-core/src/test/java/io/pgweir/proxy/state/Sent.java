package io.pgweir.proxy.state;

import io.pgweir.proxy.testkit.Frontend;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * A message of a client, and the expression that makes it, so that a program can be printed as the source of one.
 *
 * @param source Java, with the methods of {@link Frontend}
 */
record Sent(String source, byte[] bytes) {

    static Sent query(String sql) {
        return new Sent("query(" + quoted(sql) + ")", Frontend.query(sql));
    }

    static Sent parse(String name, String sql) {
        return new Sent("parse(" + quoted(name) + ", " + quoted(sql) + ")", Frontend.parse(name, sql));
    }

    static Sent bind(String portal, String statement, String... values) {
        String more = Arrays.stream(values).map(value -> ", " + quoted(value)).collect(Collectors.joining());
        return new Sent(
                "bind(" + quoted(portal) + ", " + quoted(statement) + more + ")",
                Frontend.bind(portal, statement, values));
    }

    static Sent describeStatement(String name) {
        return new Sent("describeStatement(" + quoted(name) + ")", Frontend.describeStatement(name));
    }

    static Sent execute(String portal, int rows) {
        return new Sent("execute(" + quoted(portal) + ", " + rows + ")", Frontend.execute(portal, rows));
    }

    static Sent closeStatement(String name) {
        return new Sent("closeStatement(" + quoted(name) + ")", Frontend.closeStatement(name));
    }

    static Sent closePortal(String name) {
        return new Sent("closePortal(" + quoted(name) + ")", Frontend.closePortal(name));
    }

    /** Parse, Bind, Describe and Execute of the unnamed statement. */
    static Sent unnamed(String sql, String... values) {
        String more = Arrays.stream(values).map(value -> ", " + quoted(value)).collect(Collectors.joining());
        return new Sent("unnamed(" + quoted(sql) + more + ")", Frontend.unnamed(sql, values));
    }

    static Sent sync() {
        return new Sent("sync()", Frontend.sync());
    }

    static Sent copyData(String text) {
        return new Sent("copyData(" + quoted(text) + ")", Frontend.copyData(text));
    }

    static Sent copyDone() {
        return new Sent("copyDone()", Frontend.copyDone());
    }

    static Sent copyFail(String reason) {
        return new Sent("copyFail(" + quoted(reason) + ")", Frontend.copyFail(reason));
    }

    static String quoted(String text) {
        String escaped = text.replace("\\", "\\\\")
                .replace("\"", "\\\"")
                .replace("\n", "\\n")
                .replace("\t", "\\t");
        return '"' + escaped + '"';
    }

    @Override
    public String toString() {
        return source;
    }
}
