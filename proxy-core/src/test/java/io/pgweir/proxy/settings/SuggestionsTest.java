package io.pgweir.proxy.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SuggestionsTest {
    @ParameterizedTest
    @CsvSource({"a,a,0", "ab,ba,1", "kitten,sitting,3", "'',abc,3", "pool_timeot,pool_timeout,1"})
    void countsInsertionsDeletionsChangesAndSwaps(String a, String b, int distance) {
        assertThat(Suggestions.distance(a, b)).isEqualTo(distance);
        assertThat(Suggestions.distance(b, a)).isEqualTo(distance);
    }

    @ParameterizedTest
    @CsvSource({
        "pool_timeot, pool_timeout",
        "pool-timeout, pool_timeout",
        "poolTimeout, pool_timeout",
        "POOL_TIMEOUT, pool_timeout",
        "connection_limits, connection_limit"
    })
    void namesTheNearestName(String written, String meant) {
        assertThat(Suggestions.nearest(written, Settings.names())).isEqualTo(meant);
    }

    @Test
    void doesNotCompareWhatIsFarTooLong() {
        String known = "x".repeat(65);
        assertThat(Suggestions.nearest(known + "y", List.of(known))).isNull();
    }

    @Test
    void doesNotGuessWhenNothingIsNear() {
        assertThat(Suggestions.didYouMean("colour", List.of("listen", "http"))).isEmpty();
    }
}
