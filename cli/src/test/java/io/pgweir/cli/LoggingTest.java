package io.pgweir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.settings.LogFormat;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

class LoggingTest {
    private final PrintStream realErr = System.err;
    private final ByteArrayOutputStream captured = new ByteArrayOutputStream();

    @AfterEach
    void restore() {
        System.setErr(realErr);
        Logging.setUp(LogFormat.TEXT, "info");
    }

    private String logged(LogFormat format, String level) {
        System.setErr(new PrintStream(captured, true, StandardCharsets.UTF_8));
        Logging.setUp(format, level);
        Logger log = LoggerFactory.getLogger("io.pgweir.proxy.pool.Pool");
        log.debug("hidden");
        log.info("opened backend={} user={}", 7, "a\nb\33[31mc\r\nd\te");
        LoggerFactory.getLogger("io.netty.channel.X").info("inside of Netty");
        return captured.toString(StandardCharsets.UTF_8);
    }

    @Test
    void aTextLineHasTimeLevelShortLoggerAndMessageOnOneLine() {
        assertThat(logged(LogFormat.TEXT, "info"))
                .matches(
                        "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}\\S+ INFO  Pool +opened backend=7 user=a b \\[31mc d e\\R");
    }

    @Test
    void aJsonLineIsOneObject() {
        assertThat(logged(LogFormat.JSON, "info"))
                .startsWith("{")
                .contains("\"timestamp\":", "\"level\":\"INFO\"", "\"loggerName\":\"io.pgweir.proxy.pool.Pool\"")
                .contains("\"formattedMessage\":\"opened backend=7 user=a\\nb")
                .hasLineCount(1);
    }

    @Test
    void theLevelHidesWhatIsBelowIt() {
        assertThat(logged(LogFormat.TEXT, "warn")).isEmpty();
    }
}
