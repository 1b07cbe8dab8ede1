package io.pgweir.proxy.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SessionStateReferenceTest {
    private static final String COMMAND =
            "./mvnw -q test -pl proxy-core -am -Dtest=SessionStateReferenceTest -Dsurefire.failIfNoSpecifiedTests=false -Dpgweir.docs.write=true";

    @Test
    void thePageIsWhatTheMatrixChecks() throws IOException {
        Path page = Path.of("../docs/session-state.md");
        if (Boolean.getBoolean("pgweir.docs.write")) {
            Files.writeString(page, SessionStateReference.render());
        }
        assertThat(page).as("write it again with: %s", COMMAND).hasContent(SessionStateReference.render());
    }
}
