package io.pgweir.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class MetricsReferenceTest {
    private static final String COMMAND =
            "./mvnw -q test -pl proxy-core -am -Dtest=MetricsReferenceTest -Dsurefire.failIfNoSpecifiedTests=false -Dpgweir.write=true";

    @Test
    void theReferencePageIsWhatTheTableSays() throws IOException {
        Path page = Path.of("../docs/metrics.md");
        if (Boolean.getBoolean("pgweir.write")) {
            Files.createDirectories(page.getParent());
            Files.writeString(page, MetricsReference.render());
        }
        assertThat(page).as("write it again with: %s", COMMAND).hasContent(MetricsReference.render());
    }
}
