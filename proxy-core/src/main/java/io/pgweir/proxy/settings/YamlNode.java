package io.pgweir.proxy.settings;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** A YAML node together with the file it stands in: typed access that reports what does not fit. */
record YamlNode(String file, Node node, Problems problems) {

    /** {@code file:line:column}, counted from 1. */
    String where() {
        return node.getStartMark()
                .map(mark -> file + ":" + (mark.getLine() + 1) + ":" + (mark.getColumn() + 1))
                .orElse(file);
    }

    void problem(String message) {
        problems.add(where(), message);
    }

    boolean isNull() {
        return node instanceof ScalarNode && node.getTag().equals(Tag.NULL);
    }

    boolean isScalar() {
        return node instanceof ScalarNode && !isNull();
    }

    /** The text of a scalar, or of a list of scalars joined by commas; null after a problem. */
    @Nullable
    String text(String key, boolean listAllowed) {
        if (isNull()) {
            problems.lost(key, where(), key + " has no value: give one or remove the key");
            return null;
        }
        if (node instanceof ScalarNode scalar) {
            if (!node.getTag().getValue().startsWith(Tag.PREFIX)) {
                problems.lost(
                        key,
                        where(),
                        key + " begins with '!', which YAML takes for a tag: put the value into quotation marks");
                return null;
            }
            return scalar.getValue();
        }
        if (listAllowed
                && node instanceof SequenceNode list
                && list.getValue().stream().allMatch(n -> n instanceof ScalarNode)) {
            return list.getValue().stream()
                    .map(n -> ((ScalarNode) n).getValue())
                    .collect(Collectors.joining(","));
        }
        problems.lost(
                key,
                where(),
                key + (listAllowed ? " must be a value or a list of values" : " must be a single value")
                        + ", but this is a " + kind());
        return null;
    }

    /** The entries of a mapping by key; reports other kinds of node, keys that are no text, and duplicates. */
    Map<String, Entry> entries(String what) {
        return entries(what, "");
    }

    /** The same. @param key which setting or key is lost if it is no mapping; empty: none in particular */
    Map<String, Entry> entries(String what, String key) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        if (isNull()) {
            return entries;
        }
        if (!(node instanceof MappingNode mapping)) {
            problems.lost(key, where(), what + " must be a mapping of names to values, but this is a " + kind());
            return entries;
        }
        for (NodeTuple tuple : mapping.getValue()) {
            YamlNode name = with(tuple.getKeyNode());
            if (!(tuple.getKeyNode() instanceof ScalarNode scalar)) {
                name.problem("a key must be a plain name, but this is a " + name.kind());
                continue;
            }
            Entry earlier = entries.putIfAbsent(scalar.getValue(), new Entry(name, with(tuple.getValueNode())));
            if (earlier != null) {
                name.problem("'" + Suggestions.quoted(scalar.getValue()) + "' stands twice, first at "
                        + earlier.key().where());
            }
        }
        return entries;
    }

    private YamlNode with(Node other) {
        return new YamlNode(file, other, problems);
    }

    private String kind() {
        return node instanceof MappingNode ? "mapping" : node instanceof SequenceNode ? "list" : "single value";
    }

    /** A key and its value. */
    record Entry(YamlNode key, YamlNode value) {}
}
