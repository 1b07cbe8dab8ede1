package io.pgweir.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandTextTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "PAUSE shop                    | shop",
                "pause my-shop ;               | my-shop",
                "PAUSE \"my;shop\"             | my;shop",
                "PAUSE \"a\"\"b\"              | a\"b",
                "pause 'shop'                  | shop",
                "/* why */ PAUSE -- now\\n shop | shop",
                "OPEN db.example.com:5432      | db.example.com:5432",
                "OPEN [::1]:5432               | [::1]:5432"
            })
    void anArgumentIsANameOrWhatWasWritten(String sql, String argument) {
        List<CommandText> commands = CommandText.split(sql.replace("\\n", "\n"));
        assertThat(commands).hasSize(1);
        assertThat(commands.get(0).word(0)).isIn("PAUSE", "OPEN");
        assertThat(commands.get(0).argument(1)).isEqualTo(argument);
    }

    @Test
    void semicolonsSeparateCommandsOutsideOfQuotesAndComments() {
        assertThat(CommandText.split(";; SHOW POOLS; /* ; /* ; */ */ SHOW STATS ; -- ;"))
                .extracting(text -> text.word(1))
                .containsExactly("POOLS", "STATS");
        assertThat(CommandText.split(" ; -- nothing\n ;/**/")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"PAUSE \"shop", "PAUSE 'shop", "PAUSE /* shop", "/*/"})
    void whatIsNotClosedIsRefused(String sql) {
        assertThatThrownBy(() -> CommandText.split(sql))
                .isInstanceOf(ConsoleFailure.class)
                .hasMessageContaining("unterminated");
    }

    @Test
    void aMessageShowsNoValues() {
        assertThat(CommandText.split("INSERT INTO t VALUES ('secret')").get(0).brief())
                .isEqualTo("INSERT INTO t ...");
        assertThat(CommandText.split("'secret'").get(0).brief()).isEqualTo("...");
    }
}
