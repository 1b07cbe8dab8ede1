package io.pgweir.protocol.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.StringJoiner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostileSqlTest {
    private static final String[] PIECES = {
        "begin",
        "start",
        "transaction",
        "read",
        "only",
        "commit",
        "set",
        "local",
        "session",
        "time",
        "zone",
        "reset",
        "all",
        "deallocate",
        "prepare",
        "discard",
        "create",
        "function",
        "atomic",
        "case",
        "end",
        "as",
        "or",
        "a",
        "A$1",
        "$1",
        "$a$",
        "$$",
        "$",
        "'",
        "''",
        "e'",
        "E'\\'",
        "\\",
        "\"",
        "/*",
        "*/",
        "--",
        "-",
        "\n",
        " ",
        ";",
        "(",
        ")",
        ".",
        ",",
        "=",
        "1",
        "\0",
        "\u00e9",
        "u&"
    };

    private static List<Object> answers(ByteBuf sql, int from, int to) {
        List<Object> answers = new ArrayList<>();
        answers.add(SqlScanner.classify(sql, from, to));
        for (boolean standard : new boolean[] {true, false}) {
            answers.add(SqlScanner.endOfFirstStatement(sql, from, to, standard) - from);
            answers.add(SqlScanner.isSingleStatement(sql, from, to, standard));
            answers.add(String.valueOf(SqlScanner.settingChange(sql, from, to, standard)));
        }
        answers.add(SqlScanner.isDeferrableBegin(sql, from, to));
        answers.add(SqlScanner.isDeferrableSetTransaction(sql, from, to));
        answers.add(SqlScanner.isPlainCommit(sql, from, to));
        answers.add(SqlScanner.isPlainRollback(sql, from, to));
        answers.add(String.valueOf(SqlScanner.deallocateTarget(sql, from, to)));
        answers.add(String.valueOf(SqlScanner.discardTarget(sql, from, to)));
        return answers;
    }

    @Test
    void anyTextGetsTheSameAnswersWhateverSurroundsIt() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int round = 0; round < 100_000; round++) {
            StringJoiner text = new StringJoiner(random.nextBoolean() ? " " : "");
            for (int i = random.nextInt(10); i > 0; i--) {
                text.add(PIECES[random.nextInt(PIECES.length)]);
            }
            assertIndependent(text.toString().getBytes(StandardCharsets.UTF_8), seed);
        }
    }

    @Test
    void anyBytesGetAnAnswer() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int round = 0; round < 20_000; round++) {
            byte[] bytes = new byte[random.nextInt(30)];
            random.nextBytes(bytes);
            assertIndependent(bytes, seed);
        }
    }

    /** An exact buffer would throw on any read outside of the text; the surrounded one would give another answer. */
    private static void assertIndependent(byte[] text, long seed) {
        ByteBuf exact = Unpooled.wrappedBuffer(text);
        List<Object> answers = answers(exact, 0, text.length);
        Sql surrounded = Sql.of(text);
        assertThat(answers(surrounded.buf(), surrounded.from(), surrounded.to()))
                .as("%s (seed %d)", Arrays.toString(text), seed)
                .isEqualTo(answers);
        assertThat(exact.readerIndex()).isZero();
        int end = (int) answers.get(1);
        assertThat(end == text.length || text[end] == ';')
                .as("an end is a semicolon")
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/*",
                "*/",
                "/*/",
                "--",
                "--\n",
                "'",
                "''",
                "'\n",
                "' ",
                "e'\\",
                "\"",
                "\"\"",
                "$",
                "$$",
                "$a",
                "$a$",
                "$a$b",
                "a",
                "a.",
                "(",
                ")",
                ";",
                " ",
                "\n",
                "set ",
                "set a.",
                "begin ",
                "begin;",
                "read only,",
                "case ",
                "end ",
                "\0",
                "é",
                "e'a'\n",
                "'a'--\n",
                "/* */",
                "0",
                "\\"
            })
    void aMegabyteOfAnythingTakesLinearTime(String piece) {
        String megabyte = piece.repeat(1_000_000 / piece.length());
        List<String> heads = List.of(
                "",
                "set a = ",
                "reset ",
                "deallocate ",
                "begin read only ",
                "create function f() begin atomic ",
                "$tag$");
        assertTimeoutPreemptively(Duration.ofSeconds(60), () -> {
            for (String head : heads) {
                byte[] text = (head + megabyte).getBytes(StandardCharsets.UTF_8);
                assertThat(answers(Unpooled.wrappedBuffer(text), 0, text.length))
                        .isNotEmpty();
            }
        });
    }

    @Test
    void aLongTagThatNearlyMatchesEverywhereTakesLinearTime() {
        String tag = "$" + "a".repeat(300_000);
        String text = tag + "$" + (tag + "b").repeat(3);
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        assertTimeoutPreemptively(
                Duration.ofSeconds(60),
                () -> assertThat(SqlScanner.endOfFirstStatement(Unpooled.wrappedBuffer(bytes), 0, bytes.length))
                        .isEqualTo(bytes.length));
    }

    @Test
    void scanningAllocatesNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        ByteBuf sql = Unpooled.copiedBuffer(
                "/* x */ start transaction isolation level serializable, read only; -- y", StandardCharsets.US_ASCII);
        int to = sql.writerIndex();
        scan(sql, to, 20_000);
        long before = threads.getCurrentThreadAllocatedBytes();
        int answers = scan(sql, to, 20_000);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(answers).isEqualTo(60_000);
        // One object of the smallest size per round would be 320,000 bytes.
        assertThat(allocated).isLessThan(100_000);
    }

    private static int scan(ByteBuf sql, int to, int rounds) {
        int answers = 0;
        for (int i = 0; i < rounds; i++) {
            answers += SqlScanner.classify(sql, 0, to) == StatementKind.BEGIN ? 1 : 0;
            answers += SqlScanner.isSingleStatement(sql, 0, to) ? 1 : 0;
            answers += SqlScanner.isDeferrableBegin(sql, 0, to) ? 1 : 0;
            answers += SqlScanner.isPlainCommit(sql, 0, to) ? 1 : 0;
        }
        return answers;
    }
}
