package io.pgweir.proxy.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationsTest {
    @ParameterizedTest
    @CsvSource({
        "500ms, 500",
        "30s, 30000",
        "5m, 300000",
        "1h, 3600000",
        "30, 30000",
        "1.5s, 1500",
        "0.5, 500",
        "0, 0",
        "' 2 S ', 2000",
        "0.25m, 15000",
        "1.0ms, 1"
    })
    void readsNumbersWithAndWithoutUnit(String text, long millis) throws BadValue {
        assertThat(Durations.parse(text)).isEqualTo(Duration.ofMillis(millis));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1s", "1d", "s", "1 2", "1.s", ".5s", "1e3", "0x10", "infinity", "9999999999999s"})
    void saysWhatIsAcceptedWhenItCannotRead(String text) {
        assertThatThrownBy(() -> Durations.parse(text))
                .isInstanceOf(BadValue.class)
                .hasMessage("'" + text + "' is not a duration: write 500ms, 30s, 5m or 1h; a plain number is seconds");
    }

    @Test
    void doesNotRoundToZeroWhichWouldMeanOff() {
        assertThatThrownBy(() -> Durations.parse("0.0001s")).hasMessageContaining("finer than a millisecond");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0s", "1ms", "1500ms", "90s", "5m", "61m", "2h"})
    void writesTheShortestTextThatReadsBackTheSame(String text) throws BadValue {
        assertThat(Durations.text(Durations.parse(text))).isEqualTo(text);
    }
}
