package io.pgweir.proxy.http;

import io.pgweir.proxy.metrics.Histogram;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Renders docs/metrics.md from the table of metrics. */
final class MetricsReference {
    /** The families of the Java process that the page promises. */
    static final Map<String, String> OF_THE_JVM = new TreeMap<>(Map.of(
            "jvm_memory_used_bytes", "memory in use, by area and pool",
            "jvm_memory_max_bytes", "the most it may use",
            "jvm_gc_pause_seconds", "garbage collection pauses, by action and cause, from the first one on",
            "jvm_threads_live_threads", "threads",
            "process_cpu_usage", "processor use of the process, 0 to 1 of all processors",
            "process_files_open_files", "open file descriptors",
            "process_files_max_files", "the most it may open",
            "process_uptime_seconds", "time since the process began"));

    private MetricsReference() {}

    static String render() {
        StringBuilder text = new StringBuilder("""
                # Metrics

                <!-- Generated from the table of metrics by MetricsReferenceTest; see there for the command. -->

                `GET /metrics` on the address of setting `http` gives these in Prometheus' text format. Reading them needs no
                backend connection and does not touch the threads that carry queries.

                Label `pool` is `database/user`. The first 200 pools keep their names; all others together are `other`.
                Every series of a pool is there from the pool's first day on, with 0.

                | metric | type | unit | labels | meaning |
                |---|---|---|---|---|
                """);
        for (Metric metric : Metric.values()) {
            text.append("| `")
                    .append(metric.exposed())
                    .append("` | ")
                    .append(metric.kind().name().toLowerCase(Locale.ROOT))
                    .append(" | ")
                    .append(metric.unit())
                    .append(" | ")
                    .append(labels(metric))
                    .append(" | ")
                    .append(metric.help())
                    .append(" |\n");
        }
        text.append("\nHistograms have these upper bounds, in seconds: ")
                .append(bounds())
                .append(".\n");
        text.append("""

                ## The Java process

                Micrometer's meters for memory, garbage collection, threads, classes, processor, files and uptime. The most
                useful:

                | metric | meaning |
                |---|---|
                """);
        OF_THE_JVM.forEach((name, meaning) ->
                text.append("| `").append(name).append("` | ").append(meaning).append(" |\n"));
        text.append("""

                ## What to ask

                | question | query |
                |---|---|
                | how often does the pool time out? | `sum by (pool) (rate(pgweir_pool_timeouts_total[5m]))` |
                | how full is the pool? | `pgweir_pool_usage_ratio` |
                | how long does a query take on average? | `rate(pgweir_query_duration_seconds_sum[5m]) / rate(pgweir_query_duration_seconds_count[5m])` |
                | how long do 99 of 100 clients wait? | `histogram_quantile(0.99, sum by (pool, le) (rate(pgweir_pool_wait_seconds_bucket[5m])))` |
                | how many statements fail on the way? | `sum by (pool, type) (rate(pgweir_errors_total[5m]))` |
                """);
        return text.toString();
    }

    private static String labels(Metric metric) {
        List<String> labels = new ArrayList<>();
        for (Metric.Label label : metric.labels()) {
            labels.add("`" + label.name() + "`"
                    + (label.values().isEmpty() ? "" : ": `" + String.join("`, `", label.values()) + "`"));
        }
        return String.join("; ", labels);
    }

    private static String bounds() {
        Histogram.Snapshot any = new Histogram.Snapshot();
        List<String> bounds = new ArrayList<>();
        for (int i = 0; i < any.buckets(); i++) {
            bounds.add(java.math.BigDecimal.valueOf(any.boundSeconds(i))
                    .stripTrailingZeros()
                    .toPlainString());
        }
        return String.join(", ", bounds);
    }
}
