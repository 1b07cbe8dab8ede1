package io.pgweir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ColumnsTest {
    @Test
    void columnsAreAsWideAsTheyMustBeAndNumbersStandAtTheRight() {
        Columns table = new Columns("POOL", ">WAITING", "BREAKER");
        table.add("a/b", "7", "closed");
        table.add("a_longer_one/b", "1234567890", "open");
        assertThat(table.lines())
                .containsExactly(
                        "POOL               WAITING  BREAKER",
                        "a/b                      7  closed",
                        "a_longer_one/b  1234567890  open");
    }

    @Test
    void rowsAreCutAndSentencesGoOnInTheNextLine() {
        assertThat(Columns.fit("a/b  7  closed", 8)).containsExactly("a/b  7 …");
        assertThat(Columns.fit("one two three four", 9)).containsExactly("one two", "  three", "  four");
        assertThat(Columns.fit("0123456789abcdefgh", 10)).containsExactly("0123456789", "  abcdefgh");
        assertThat(Columns.fit("short", 1)).containsExactly("short");
    }

    @Test
    void secondsAreSaidAsPeopleSayThem() {
        assertThat(Columns.seconds(Double.NaN)).isEqualTo("-");
        assertThat(Columns.seconds(0.0124)).isEqualTo("12 ms");
        assertThat(Columns.seconds(1.26)).isEqualTo("1.3 s");
        assertThat(Columns.seconds(600)).isEqualTo("10 min");
        assertThat(Columns.seconds(3_700)).isEqualTo("1 h 2 min");
        assertThat(Columns.seconds(90_000 * 2)).isEqualTo("2 d 2 h");
    }
}
