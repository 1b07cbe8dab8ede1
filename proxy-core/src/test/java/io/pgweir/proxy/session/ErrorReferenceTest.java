package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

/**
 * docs/errors.md is made from {@link LoginError} and {@link ClientError}. To write it anew: {@code ./mvnw -pl protocol,proxy-core test
 * -Dtest=ErrorReferenceTest -Dpgweir.docs.write=true -Dsurefire.failIfNoSpecifiedTests=false}.
 */
class ErrorReferenceTest {
    private static final Path FILE = Path.of("..", "docs", "errors.md");
    private static final String HEAD = "| name | severity | SQLSTATE | message | what to do |\n|---|---|---|---|---|\n";

    @Test
    void theReferenceIsWhatTheCatalogueSays() throws Exception {
        String generated = generate();
        if (Boolean.getBoolean("pgweir.docs.write")) {
            Files.writeString(FILE, generated);
        }
        assertThat(Files.readString(FILE)).isEqualTo(generated);
    }

    @Test
    void everyErrorHasACauseAndANextStepAndANameOfItsOwn() {
        Set<String> names = new HashSet<>();
        forEach((error, text) -> {
            assertThat(text.message()).as(error.name()).isNotBlank();
            assertThat(text.hint()).as(error.name()).endsWith(".");
            assertThat(names.add(error.name())).as("%s stands once", error).isTrue();
        });
    }

    private static void forEach(BiConsumer<Enum<?>, ErrorTemplate> action) {
        Arrays.stream(LoginError.values()).forEach(error -> action.accept(error, error.text()));
        Arrays.stream(ClientError.values()).forEach(error -> action.accept(error, error.text()));
    }

    private static String generate() {
        StringBuilder out = new StringBuilder();
        out.append("# Errors that pgweir sends\n\n");
        out.append(
                "<!-- Generated from LoginError and ClientError by ErrorReferenceTest; see there for the command. -->\n\n");
        out.append(
                "Errors of PostgreSQL itself pass unchanged. An ERROR leaves the connection usable; a FATAL closes it. The\n");
        out.append(
                "routine field (`R`) is `pgweir_` and the name in lower case. Where the SQLSTATE can be set, a pool may have\n");
        out.append("another one for it: see \"Error codes\" in [settings.md](settings.md).\n");
        out.append("\n## Refused logins\n\n").append(HEAD);
        for (LoginError error : LoginError.values()) {
            row(out, error, error.text(), false);
        }
        out.append("\n## All others\n\n").append(HEAD);
        for (ClientError error : ClientError.values()) {
            row(out, error, error.text(), error.isConfigurable());
        }
        return out.toString();
    }

    private static void row(StringBuilder out, Enum<?> error, ErrorTemplate text, boolean configurable) {
        out.append("| ").append(error.name());
        out.append(" | ").append(text.severity());
        out.append(" | `").append(text.sqlState().code());
        out.append(configurable ? "`, can be set" : "`");
        out.append(" | ").append(text.message().replaceAll("%\\d+\\$[sd]", "…"));
        out.append(" | ").append(text.hint().replaceAll("%\\d+\\$[sd]", "…")).append(" |\n");
    }
}
