package io.pgweir.proxy.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostPortTest {
    @ParameterizedTest
    @CsvSource({"127.0.0.1:6432, 127.0.0.1, 6432", "[::1]:0, ::1, 0", "db.example.com:65535, db.example.com, 65535"})
    void readsAndWritesTheSameText(String text, String host, int port) {
        HostPort parsed = HostPort.parse(text);
        assertThat(parsed).isEqualTo(new HostPort(host, port)).hasToString(text);
    }

    @ParameterizedTest
    @CsvSource({
        "localhost, has no port", "[::1], has no port", "::1:6432, in brackets", ":6432, missing", "a b:1, spaces",
        "a:x, not a port", "a:, not a port", "a:65536, not between", "a:-1, not a port", "a:000001, not a port"
    })
    void saysWhatIsWrong(String text, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HostPort.parse(text))
                .withMessageContaining(message);
    }
}
