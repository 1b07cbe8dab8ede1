package io.pgweir.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** docs/console.md is made from the table of commands. */
class ConsoleReferenceTest {
    private static final String COMMAND = "./mvnw -q test -pl protocol,proxy-core -Dtest=ConsoleReferenceTest"
            + " -Dsurefire.failIfNoSpecifiedTests=false -Dpgweir.write=true";

    @Test
    void theReferencePageIsWhatTheTableSays() throws Exception {
        Path page = Path.of("..", "docs", "console.md");
        String rendered = ConsoleReference.render();
        if (Boolean.getBoolean("pgweir.write")) {
            Files.writeString(page, rendered);
        }
        assertThat(page).as("write it again with: %s", COMMAND).hasContent(rendered);
    }

    @Test
    void everyCommandHasOneNameAndSaysWhatItDoes() {
        List<Command> table = ConsoleReference.table();
        assertThat(table).extracting(Command::name).doesNotHaveDuplicates();
        assertThat(table).allSatisfy(command -> {
            assertThat(command.help()).endsWith(".");
            assertThat(command.access())
                    .as("%s: what changes something is not for stats_users", command.name())
                    .isEqualTo(command.isShow() ? Command.Access.STATS : Command.Access.ADMIN);
        });
    }

    @Test
    void columnsOfOurOwnStandBehindThoseOfPgBouncer() {
        for (Command command : ConsoleReference.table()) {
            List<Boolean> own = command.columns().stream().map(Column::own).toList();
            assertThat(own).as(command.name()).isSorted();
            assertThat(command.columns())
                    .as(command.name())
                    .extracting(Column::name)
                    .doesNotHaveDuplicates();
        }
    }

    @Test
    void everyErrorHasANextStep() {
        for (ConsoleError error : ConsoleError.values()) {
            assertThat(error.template()).as(error.name()).isNotBlank();
            assertThat(error.hint()).as(error.name()).matches("(?s).*\\.|%2\\$s");
        }
    }
}
