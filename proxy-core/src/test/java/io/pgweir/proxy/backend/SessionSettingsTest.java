package io.pgweir.proxy.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SessionSettingsTest {
    private final SessionSettings ab = SessionSettings.of(Map.of("a", "1", "b", "2"));

    @Test
    void equalSettingsAreEqualWhateverTheirOrigin() {
        SessionSettings same = SessionSettings.of(Map.of("b", "2")).overlaidWith(SessionSettings.of(Map.of("a", "1")));
        assertThat(same).isEqualTo(ab).hasSameHashCodeAs(ab);
        assertThat(SessionSettings.of(Map.of("a", "1", "b", "3"))).isNotEqualTo(ab);
        assertThat(SessionSettings.of(Map.of("a", "1"))).isNotEqualTo(ab);
        assertThat(ab).isNotEqualTo(null).isNotEqualTo("ab");
    }

    @Test
    void nothingIsAlwaysTheSameInstance() {
        assertThat(SessionSettings.of(Map.of())).isSameAs(SessionSettings.NONE);
        assertThat(ab.without("a").without("b")).isSameAs(SessionSettings.NONE);
    }

    @Test
    void newerSettingsWinAndOthersStay() {
        SessionSettings both = ab.overlaidWith(SessionSettings.of(Map.of("b", "9", "c", "3")));
        assertThat(both.values()).containsExactly(Map.entry("a", "1"), Map.entry("b", "9"), Map.entry("c", "3"));
        assertThat(ab.get("b")).isEqualTo("2");
    }

    @Test
    void anOverlayThatChangesNothingGivesTheSameInstance() {
        assertThat(ab.overlaidWith(SessionSettings.NONE)).isSameAs(ab);
        assertThat(ab.overlaidWith(SessionSettings.of(Map.of("a", "1", "b", "2"))))
                .isSameAs(ab);
        assertThat(SessionSettings.NONE.overlaidWith(ab)).isSameAs(ab);
        assertThat(ab.without("z")).isSameAs(ab);
    }

    @Test
    void laterChangesOfTheSourceDoNotShow() {
        Map<String, String> source = new HashMap<>(Map.of("a", "1"));
        SessionSettings settings = SessionSettings.of(source);
        source.put("a", "2");
        source.put("b", "3");
        assertThat(settings.values()).containsExactly(Map.entry("a", "1"));
    }

    @Test
    void valuesDoNotShowInText() {
        assertThat(SessionSettings.of(Map.of("app.token", "s3cret"))).hasToString("SessionSettings[app.token]");
    }
}
