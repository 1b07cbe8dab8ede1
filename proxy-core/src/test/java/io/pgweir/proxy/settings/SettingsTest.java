package io.pgweir.proxy.settings;

import static org.assertj.core.api.Assertions.assertThat;

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
    void flagsAndVariablesAreSpelledFromTheName() {
        assertThat(Settings.POOL_TIMEOUT.flag()).isEqualTo("--pool-timeout");
        assertThat(Settings.POOL_TIMEOUT.environment()).isEqualTo("PGWEIR_POOL_TIMEOUT");
    }

    @Test
    void choicesAreWrittenAsTheContractSpellsThem() {
        assertThat(Choices.texts(TransportChoice.class)).containsExactly("auto", "epoll", "io_uring", "nio");
        assertThat(Choices.texts(SslMode.class))
                .containsExactly("disable", "allow", "prefer", "require", "verify-ca", "verify-full");
        assertThat(Choices.parse(TransportChoice.class, "io-uring")).isEqualTo(TransportChoice.IO_URING);
    }
}
