package io.pgweir.cli;

import io.pgweir.protocol.sql.Printable;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/** A JSON object that pgweir has answered with. Members that are not there are empty: the answer may be of another version. */
final class Facts {
    private final Map<?, ?> members;

    private Facts(Map<?, ?> members) {
        this.members = members;
    }

    /** @throws IOException if it is no JSON object */
    static Facts parse(String json) throws IOException {
        LoadSettings settings =
                LoadSettings.builder().setCodePointLimit(Integer.MAX_VALUE).build();
        try {
            // JSON is a part of YAML, whose reader is here already.
            if (new Load(settings).loadFromString(json) instanceof Map<?, ?> members) {
                return new Facts(members);
            }
        } catch (YamlEngineException e) {
            throw new IOException("the answer is no JSON", e);
        }
        throw new IOException("the answer is no JSON object");
    }

    /** Fit for a terminal, whatever is in it; clients name themselves. */
    String text(String name) {
        return members.get(name) instanceof String text ? Printable.of(text) : "";
    }

    boolean is(String name) {
        return Boolean.TRUE.equals(members.get(name));
    }

    /** 0 if it is null. */
    double number(String name) {
        return members.get(name) instanceof Number number ? number.doubleValue() : 0;
    }

    long count(String name) {
        return Math.round(number(name));
    }

    /** Without members if it is null. */
    Facts of(String name) {
        return new Facts(members.get(name) instanceof Map<?, ?> map ? map : Map.of());
    }

    boolean isEmpty() {
        return members.isEmpty();
    }

    List<Facts> list(String name) {
        return members.get(name) instanceof List<?> list
                ? list.stream()
                        .map(one -> new Facts(one instanceof Map<?, ?> map ? map : Map.of()))
                        .toList()
                : List.of();
    }

    /** The last number of a list; NaN if there is none, or if it is null. */
    double last(String name) {
        return members.get(name) instanceof List<?> list
                        && !list.isEmpty()
                        && list.get(list.size() - 1) instanceof Number number
                ? number.doubleValue()
                : Double.NaN;
    }
}
