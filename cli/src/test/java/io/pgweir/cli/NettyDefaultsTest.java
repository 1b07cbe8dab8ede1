package io.pgweir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.ResourceLeakDetector;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NettyDefaultsTest {
    private static final String LEAKS = "io.netty.leakDetection.level";
    private static final String EVENTS = "io.netty.jfr.enabled";

    private @Nullable String leaks;
    private @Nullable String events;

    @BeforeEach
    void remember() {
        leaks = System.getProperty(LEAKS);
        events = System.getProperty(EVENTS);
    }

    @AfterEach
    void restore() {
        restore(LEAKS, leaks);
        restore(EVENTS, events);
    }

    private static void restore(String property, @Nullable String value) {
        if (value == null) {
            System.clearProperty(property);
        } else {
            System.setProperty(property, value);
        }
    }

    @Test
    void whatCostsTimeIsOff() {
        System.clearProperty(LEAKS);
        System.clearProperty(EVENTS);
        NettyDefaults.set();
        assertThat(ResourceLeakDetector.Level.valueOf(System.getProperty(LEAKS).toUpperCase(java.util.Locale.ROOT)))
                .isEqualTo(ResourceLeakDetector.Level.DISABLED);
        assertThat(System.getProperty(EVENTS)).isEqualTo("false");
    }

    @Test
    void whatTheOperatorSaysWins() {
        System.setProperty(LEAKS, "paranoid");
        System.setProperty(EVENTS, "true");
        NettyDefaults.set();
        assertThat(System.getProperty(LEAKS)).isEqualTo("paranoid");
        assertThat(System.getProperty(EVENTS)).isEqualTo("true");
    }
}
