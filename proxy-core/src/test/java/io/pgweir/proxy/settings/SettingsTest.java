package io.pgweir.proxy.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class SettingsTest {
    @Test
    void eachNameAndUrlParameterIsThereOnce() {
        assertThat(Settings.all()).extracting(Setting::name).doesNotHaveDuplicates();
        assertThat(UrlParameter.allNames()).doesNotHaveDuplicates();
    }

    @Test
    void eachDefaultIsAValueOfItsSettingAndReadsBackAsWritten() {
        for (Setting<?> setting : Settings.all()) {
            if (setting.defaultText() != null) {
                assertThat(writtenDefault(setting)).as(setting.name()).isEqualTo(setting.defaultText());
            }
        }
    }

    private static <T> String writtenDefault(Setting<T> setting) {
        return setting.type().text(setting.defaultValue());
    }

    @Test
    void theDefaultsAreThoseOfTheContract() {
        assertThat(PoolSettings.defaults())
                .isEqualTo(new PoolSettings(
                        PoolMode.TRANSACTION,
                        20,
                        0,
                        1000,
                        Duration.ofSeconds(10),
                        Limits.of(limit -> switch (limit) {
                            case POOL_TIMEOUT, STATEMENT_TIMEOUT, TRANSACTION_TIMEOUT -> Duration.ofSeconds(30);
                            case IDLE_IN_TRANSACTION_TIMEOUT -> Duration.ofSeconds(10);
                            case CLIENT_IDLE_TIMEOUT -> Duration.ZERO;
                        }),
                        Duration.ofMinutes(10),
                        Duration.ofHours(1),
                        Duration.ofSeconds(30),
                        RetryMode.CONNECT,
                        BeginMode.DEFER,
                        new ListenSettings(ListenMode.MULTIPLEX, false, 1 << 20),
                        200,
                        10_000,
                        new ErrorCodes("53300", "57P03", "08006", "57014", "25P04", "25P03"),
                        new StatePolicy(
                                UnsafeState.PIN, 0, Duration.ZERO, StateCheck.SUSPICIOUS, 1, SequenceState.LEARN),
                        HostChoice.FIRST,
                        false));
    }

    @Test
    void flagsAndVariablesAreSpelledFromTheName() {
        assertThat(Settings.POOL_TIMEOUT.flag()).isEqualTo("--pool-timeout");
        assertThat(Settings.POOL_TIMEOUT.environment()).isEqualTo("PGWEIR_POOL_TIMEOUT");
    }

    @Test
    void choicesAreWrittenAsTheContractSpellsThem() {
        assertThat(Choices.texts(TransportChoice.class)).containsExactly("auto", "epoll", "io_uring", "nio");
        assertThat(Choices.texts(SslMode.class))
                .containsExactly("disable", "allow", "prefer", "no-verify", "require", "verify-ca", "verify-full");
        assertThat(Choices.parse(TransportChoice.class, "io-uring")).isEqualTo(TransportChoice.IO_URING);
    }
}
