package io.pgweir.proxy.http;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A page in Prometheus' text format 0.0.4, read strictly: every family has HELP and TYPE before its samples and all of them
 * in one place, no series twice, histograms complete and monotone.
 */
final class Exposition {
    private static final Pattern NAME = Pattern.compile("[a-zA-Z_:][a-zA-Z0-9_:]*");
    private static final Pattern SAMPLE = Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)})? (\\S+)");
    private static final Pattern LABEL =
            Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\\\n]|\\\\[\\\\\"n])*)\"(,|$)");

    private final Map<String, String> types = new LinkedHashMap<>();
    private final Map<String, String> helps = new LinkedHashMap<>();
    private final Map<String, Map<Map<String, String>, Double>> samples = new LinkedHashMap<>();

    private Exposition() {}

    static Exposition parse(String page) {
        Exposition result = new Exposition();
        if (!page.endsWith("\n")) {
            throw new IllegalArgumentException("the last line has no end");
        }
        String family = "";
        for (String line : page.substring(0, page.length() - 1).split("\n", -1)) {
            if (line.startsWith("# HELP ")) {
                String[] parts = line.substring(7).split(" ", 2);
                check(NAME.matcher(parts[0]).matches() && parts.length == 2 && !parts[1].isBlank(), line);
                check(result.helps.put(parts[0], parts[1]) == null, line);
            } else if (line.startsWith("# TYPE ")) {
                String[] parts = line.substring(7).split(" ");
                family = parts[0];
                check(parts[1].matches("counter|gauge|histogram|summary|untyped"), line);
                check(result.helps.containsKey(family) && result.types.put(family, parts[1]) == null, line);
            } else {
                result.sample(family, line);
            }
        }
        result.checkHistograms();
        return result;
    }

    private void sample(String family, String line) {
        Matcher sample = SAMPLE.matcher(line);
        check(sample.matches(), line);
        String name = sample.group(1);
        String type = types.get(family);
        boolean belongs = switch (String.valueOf(type)) {
            case "histogram" -> name.matches(Pattern.quote(family) + "_(bucket|sum|count)");
            case "summary" -> name.matches(Pattern.quote(family) + "(_sum|_count)?");
            default -> name.equals(family);
        };
        check(belongs, line);
        double value = number(sample.group(3));
        check(!"counter".equals(type) || value >= 0, line);
        Map<Map<String, String>, Double> series = samples.computeIfAbsent(name, key -> new LinkedHashMap<>());
        check(series.put(labels(sample.group(2), line), value) == null, line);
    }

    private static Map<String, String> labels(String text, String line) {
        Map<String, String> labels = new TreeMap<>();
        if (text == null) {
            return labels;
        }
        Matcher label = LABEL.matcher(text);
        int at = 0;
        while (at < text.length()) {
            check(label.find(at) && label.start() == at, line);
            String value =
                    label.group(2).replace("\\n", "\n").replace("\\\"", "\"").replace("\\\\", "\\");
            check(labels.put(label.group(1), value) == null, line);
            at = label.end();
        }
        return labels;
    }

    private static double number(String text) {
        return switch (text) {
            case "+Inf" -> Double.POSITIVE_INFINITY;
            case "-Inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(text);
        };
    }

    private void checkHistograms() {
        types.forEach((family, type) -> {
            if (!type.equals("histogram")) {
                return;
            }
            Map<Map<String, String>, List<double[]>> byLabels = new LinkedHashMap<>();
            samples.getOrDefault(family + "_bucket", Map.of()).forEach((labels, count) -> {
                Map<String, String> rest = new TreeMap<>(labels);
                double bound = number(rest.remove("le"));
                byLabels.computeIfAbsent(rest, key -> new ArrayList<>()).add(new double[] {bound, count});
            });
            byLabels.forEach((labels, buckets) -> {
                for (int i = 1; i < buckets.size(); i++) {
                    check(buckets.get(i)[0] > buckets.get(i - 1)[0], family + labels + ": bounds rise");
                    check(buckets.get(i)[1] >= buckets.get(i - 1)[1], family + labels + ": counts are cumulative");
                }
                double[] last = buckets.get(buckets.size() - 1);
                check(last[0] == Double.POSITIVE_INFINITY, family + labels + ": the last bound is +Inf");
                check(samples.get(family + "_count").get(labels) == last[1], family + labels + ": count");
                check(samples.get(family + "_sum").get(labels) >= 0, family + labels + ": sum");
            });
        });
    }

    private static void check(boolean valid, String what) {
        if (!valid) {
            throw new IllegalArgumentException("not Prometheus text: " + what);
        }
    }

    /** Family names and their types. */
    Map<String, String> types() {
        return types;
    }

    String help(String family) {
        return helps.getOrDefault(family, "");
    }

    /** The series of one sample name. */
    Map<Map<String, String>, Double> series(String name) {
        return samples.getOrDefault(name, Map.of());
    }

    /** One value; {@code labels} in pairs of name and value, all of them. */
    double value(String name, String... labels) {
        Map<String, String> wanted = new TreeMap<>();
        for (int i = 0; i < labels.length; i += 2) {
            wanted.put(labels[i], labels[i + 1]);
        }
        Double value = series(name).get(wanted);
        if (value == null) {
            throw new AssertionError(
                    "no series " + name + wanted + "; there are " + series(name).keySet());
        }
        return value;
    }
}
