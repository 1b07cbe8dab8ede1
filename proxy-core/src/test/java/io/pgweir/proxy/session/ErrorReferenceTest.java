package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * docs/errors.md is made from {@link ClientError}. To write it anew: {@code ./mvnw -pl protocol,proxy-core test
 * -Dtest=ErrorReferenceTest -Dpgweir.docs.write=true -Dsurefire.failIfNoSpecifiedTests=false}.
 */
class ErrorReferenceTest {
    private static final Path FILE = Path.of("..", "docs", "errors.md");

    @Test
    void theReferenceIsWhatTheCatalogueSays() throws Exception {
        String generated = generate();
        if (Boolean.getBoolean("pgweir.docs.write")) {
            Files.writeString(FILE, generated);
        }
        assertThat(Files.readString(FILE)).isEqualTo(generated);
    }

    @Test
    void everyErrorHasACauseAndANextStep() {
        for (ClientError error : ClientError.values()) {
            assertThat(error.template()).as(error.name()).isNotBlank();
            assertThat(error.hint()).as(error.name()).endsWith(".");
        }
    }

    private static String generate() {
        StringBuilder out = new StringBuilder();
        out.append("# Errors that pgweir sends\n\n");
        out.append("<!-- Generated from ClientError by ErrorReferenceTest; see there for the command. -->\n\n");
        out.append(
                "Errors of PostgreSQL itself pass unchanged. An ERROR leaves the connection usable; a FATAL closes it. The\n");
        out.append(
                "routine field (`R`) is `pgweir_` and the name in lower case. Where the SQLSTATE can be set, a pool may have\n");
        out.append("another one for it: see \"Error codes\" in [settings.md](settings.md).\n\n");
        out.append("| name | severity | SQLSTATE | message | what to do |\n|---|---|---|---|---|\n");
        for (ClientError error : ClientError.values()) {
            out.append("| ").append(error.name());
            out.append(" | ").append(error.severity());
            out.append(" | `").append(error.sqlState().code());
            out.append(error.isConfigurable() ? "`, can be set" : "`");
            out.append(" | ").append(error.template().replaceAll("%\\d+\\$[sd]", "…"));
            out.append(" | ")
                    .append(error.hint().replaceAll("%\\d+\\$[sd]", "…"))
                    .append(" |\n");
        }
        return out.toString();
    }
}
