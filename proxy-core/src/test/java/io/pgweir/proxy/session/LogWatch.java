package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/** Keeps what the product logs, at info and above, while it is open. */
final class LogWatch implements AutoCloseable {
    private final Logger logger = (Logger) LoggerFactory.getLogger("io.pgweir");
    private final Level before = logger.getLevel();
    private final boolean additive = logger.isAdditive();
    private final List<ILoggingEvent> events = new CopyOnWriteArrayList<>();
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            events.add(event);
        }
    };

    LogWatch() {
        appender.setContext(logger.getLoggerContext());
        appender.start();
        logger.setLevel(Level.INFO);
        logger.setAdditive(false);
        logger.addAppender(appender);
    }

    List<String> lines() {
        return events.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    /** No stack trace, nothing at error, and nothing that spans lines. */
    void assertCalm() {
        assertThat(events).allSatisfy(event -> {
            assertThat(event.getThrowableProxy())
                    .as(event.getFormattedMessage())
                    .isNull();
            assertThat(event.getLevel()).as(event.getFormattedMessage()).isNotEqualTo(Level.ERROR);
            assertThat(event.getFormattedMessage()).doesNotContain("\n");
        });
    }

    @Override
    public void close() {
        logger.detachAppender(appender);
        logger.setAdditive(additive);
        logger.setLevel(before);
    }
}
