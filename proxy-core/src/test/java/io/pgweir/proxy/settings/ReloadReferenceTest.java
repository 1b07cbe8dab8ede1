package io.pgweir.proxy.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ReloadReferenceTest {
    private static final String COMMAND =
            "./mvnw -q test -pl proxy-core -am -Dtest=ReloadReferenceTest -Dsurefire.failIfNoSpecifiedTests=false -Dpgweir.write=true";

    @Test
    void theReferencePageIsWhatTheTableSays() throws IOException {
        Path page = Path.of("../docs/reload.md");
        if (Boolean.getBoolean("pgweir.write")) {
            Files.createDirectories(page.getParent());
            Files.writeString(page, ReloadReference.render());
        }
        assertThat(page).as("write it again with: %s", COMMAND).hasContent(ReloadReference.render());
    }
}
