package io.pgweir.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * The alert rules, their tests and the dashboard under docker/ ask for metrics, labels and values of labels that the table of
 * metrics has. A name with a slip in it is no error to Prometheus: the alert never comes, the panel stays empty.
 */
class MonitoringFilesTest {
    private static final Path DOCKER = Path.of("../docker");
    private static final Path RULES = DOCKER.resolve("prometheus/pgweir.rules.yml");
    private static final Path RULE_TESTS = DOCKER.resolve("prometheus/pgweir.rules.test.yml");
    private static final Path DASHBOARD = DOCKER.resolve("grafana/dashboards/pgweir.json");

    private static final Pattern SELECTOR =
            Pattern.compile("\\b((?:pgweir|jvm|process)_[a-z0-9_]+)\\s*(?:\\{([^}]*)})?");
    private static final Pattern MATCHER = Pattern.compile("(\\w+)\\s*(=~|!~|!=|=)\\s*\"([^\"]*)\"");
    private static final Pattern GROUPING = Pattern.compile("\\b(?:by|on|ignoring)\\s*\\(([^)]*)\\)");
    private static final Pattern LEGEND = Pattern.compile("\\{\\{(\\w+)}}");
    /** What Prometheus itself gives to every series. */
    private static final Set<String> OF_PROMETHEUS = Set.of("job", "instance");
    /** Labels of the meters of the Java process. */
    private static final Set<String> OF_THE_JVM = Set.of("area", "id", "action", "cause", "gc");

    private final List<String> wrong = new ArrayList<>();

    @Test
    void alertsAskForWhatThereIs() throws IOException {
        List<String> expressions = strings(yaml(RULES), "expr");
        assertThat(expressions).hasSizeGreaterThan(8);
        expressions.forEach(expression -> check(expression, null));
        List<String> series = strings(yaml(RULE_TESTS), "series");
        assertThat(series).hasSizeGreaterThan(20);
        series.forEach(one -> check(one, null));
        assertThat(wrong).isEmpty();
    }

    @Test
    void theDashboardAsksForWhatThereIs() throws IOException {
        int queries = 0;
        for (Map<?, ?> panel :
                maps(list(Json.object(Files.readString(DASHBOARD)).get("panels")))) {
            for (Map<?, ?> target : maps(list(panel.get("targets")))) {
                check((String) target.get("expr"), (String) target.get("legendFormat"));
                queries++;
            }
        }
        assertThat(queries).isGreaterThan(30);
        strings(Json.object(Files.readString(DASHBOARD)).get("templating"), "definition")
                .forEach(definition -> check(definition, null));
        assertThat(wrong).isEmpty();
    }

    @Test
    void everyAlertSaysWhatToDoAndIsTriedOutBothWays() throws IOException {
        String runbook = Files.readString(Path.of("../docs/alerts.md"));
        Set<String> firing = new HashSet<>();
        Set<String> silent = new HashSet<>();
        for (Map<?, ?> test : maps(list(yaml(RULE_TESTS).get("tests")))) {
            for (Map<?, ?> one : maps(list(test.get("alert_rule_test")))) {
                (list(one.get("exp_alerts")).isEmpty() ? silent : firing).add((String) one.get("alertname"));
            }
        }
        Set<String> alerts = new TreeSet<>();
        for (Map<?, ?> group : maps(list(yaml(RULES).get("groups")))) {
            for (Map<?, ?> rule : maps(list(group.get("rules")))) {
                String name = (String) rule.get("alert");
                alerts.add(name);
                assertThat(map(rule.get("labels")).get("severity")).as(name).isIn("warning", "critical");
                Map<?, ?> annotations = map(rule.get("annotations"));
                assertThat((String) annotations.get("summary")).as(name).containsPattern("\\d|\\$value");
                assertThat((String) annotations.get("description")).as(name).contains("Next: ");
                assertThat(annotations.get("runbook")).isEqualTo("docs/alerts.md#" + name.toLowerCase(Locale.ROOT));
                assertThat(runbook).contains("\n## " + name + "\n");
            }
        }
        assertThat(alerts).isNotEmpty();
        assertThat(firing).isEqualTo(alerts);
        assertThat(silent).isEqualTo(alerts);
    }

    /** @param legend of a panel; null: there is none */
    private void check(String expression, @Nullable String legend) {
        Set<String> known = new HashSet<>(OF_PROMETHEUS);
        Matcher selectors = SELECTOR.matcher(expression);
        while (selectors.find()) {
            List<Metric.Label> labels = labelsOf(selectors.group(1));
            if (labels == null) {
                wrong.add("no metric " + selectors.group(1) + ": " + expression);
                continue;
            }
            labels.forEach(label -> known.add(label.name()));
            checkMatchers(selectors.group(2) == null ? "" : selectors.group(2), labels, expression);
        }
        Matcher groupings = GROUPING.matcher(expression);
        while (groupings.find()) {
            Arrays.stream(groupings.group(1).split("\\s*,\\s*"))
                    .filter(name -> !known.contains(name))
                    .forEach(name -> wrong.add("no label " + name + ": " + expression));
        }
        Matcher shown = LEGEND.matcher(legend == null ? "" : legend);
        while (shown.find()) {
            if (!known.contains(shown.group(1))) {
                wrong.add("no label " + shown.group(1) + " in the legend of: " + expression);
            }
        }
    }

    private void checkMatchers(String text, List<Metric.Label> labels, String expression) {
        Matcher matchers = MATCHER.matcher(text);
        while (matchers.find()) {
            String name = matchers.group(1);
            if (OF_PROMETHEUS.contains(name)) {
                continue;
            }
            Metric.Label label = labels.stream()
                    .filter(one -> one.name().equals(name))
                    .findFirst()
                    .orElse(null);
            if (label == null) {
                wrong.add("no label " + name + ": " + expression);
            } else if (!label.values().isEmpty()) {
                Arrays.stream(matchers.group(3).split("\\|"))
                        .filter(value ->
                                !value.startsWith("$") && !label.values().contains(value))
                        .forEach(value -> wrong.add("no value " + value + " of " + name + ": " + expression));
            }
        }
    }

    /** Null if there is no such series. */
    private static @Nullable List<Metric.Label> labelsOf(String series) {
        for (Metric metric : Metric.values()) {
            String name = metric.exposed();
            if (metric.kind() != Metric.Kind.HISTOGRAM && series.equals(name)
                    || metric.kind() == Metric.Kind.HISTOGRAM
                            && (series.equals(name + "_sum") || series.equals(name + "_count"))) {
                return metric.labels();
            }
            if (metric.kind() == Metric.Kind.HISTOGRAM && series.equals(name + "_bucket")) {
                return Stream.concat(metric.labels().stream(), Stream.of(new Metric.Label("le", List.of())))
                        .toList();
            }
        }
        String jvm = series.replaceAll("(?<=_seconds)_(sum|count|max)$", "");
        return MetricsReference.OF_THE_JVM.containsKey(jvm)
                ? OF_THE_JVM.stream()
                        .map(name -> new Metric.Label(name, List.of()))
                        .toList()
                : null;
    }

    private static Map<?, ?> yaml(Path file) throws IOException {
        return map(new Load(LoadSettings.builder().build()).loadFromString(Files.readString(file)));
    }

    /** Every string that stands under {@code key} anywhere below {@code tree}. */
    private static List<String> strings(Object tree, String key) {
        List<String> found = new ArrayList<>();
        if (tree instanceof Map<?, ?> map) {
            map.forEach((name, value) -> {
                if (key.equals(name) && value instanceof String text) {
                    found.add(text);
                } else {
                    found.addAll(strings(value, key));
                }
            });
        } else if (tree instanceof List<?> list) {
            list.forEach(value -> found.addAll(strings(value, key)));
        }
        return found;
    }

    private static Map<?, ?> map(Object value) {
        return (Map<?, ?>) value;
    }

    private static List<?> list(@Nullable Object value) {
        return value == null ? List.of() : (List<?>) value;
    }

    private static List<Map<?, ?>> maps(List<?> list) {
        List<Map<?, ?>> maps = new ArrayList<>();
        list.forEach(value -> maps.add(map(value)));
        return maps;
    }
}
