package io.pgweir.proxy.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ErrorCountsTest {
    private final ErrorCounts counts = new ErrorCounts();

    private Map<String, Long> all() {
        Map<String, Long> all = new TreeMap<>();
        counts.forEach(all::put);
        return all;
    }

    @Test
    void codesAreCounted() {
        counts.increment("22012");
        counts.increment("22012");
        counts.increment("40001");
        assertThat(all()).containsOnly(Map.entry("22012", 2L), Map.entry("40001", 1L));
    }

    @Test
    void whatIsNoCodeIsOther() {
        counts.increment(null);
        counts.increment("abc");
        counts.increment("2201\n");
        assertThat(all()).containsOnly(Map.entry("other", 3L));
    }

    @Test
    void manyCodesAreBounded() {
        for (int i = 0; i < 36 * 36 * 36; i++) {
            counts.increment(Integer.toString(36 * 36 * 36 * 36 + i * 36, 36).toUpperCase(java.util.Locale.ROOT));
        }
        for (int i = 0; i < 500; i++) {
            counts.increment(Integer.toString(36 * 36 * 36 * 36 * 2 + i * 36 * 36 * 36, 36)
                    .toUpperCase(java.util.Locale.ROOT));
        }
        Map<String, Long> all = all();
        assertThat(all).hasSizeBetween(100, ErrorCounts.MOST_CODES + ErrorCounts.MOST_CLASSES + 1);
        assertThat(all.keySet()).anyMatch(key -> key.endsWith("xxx"));
        assertThat(all.values().stream().mapToLong(Long::longValue).sum()).isEqualTo(36 * 36 * 36 + 500);
    }
}
