package io.pgweir.protocol.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FingerprinterTest {
    private static final Fingerprinter FINGERPRINTER = new Fingerprinter();
    /** No keyword or name of the tests holds it. */
    private static final String SECRET = "hunter2";

    private static final String[] HIDERS = {
        "'%s'",
        "'a''%s'",
        "E'%s'",
        "e'\\'%s'",
        "E'\\\\%s'",
        "U&'%s'",
        "u&'\\0041%s' uescape '\\'",
        "B'%s'",
        "X'%s'",
        "N'%s'",
        "$$%s$$",
        "$a$ $$ ' %s $b$ $a$",
        "'x'\n  '%s'",
        "'x' -- c\n '%s'",
        "/* %s */ 1",
        "/* /* %s */ %s */ 1",
        "1 -- %s\n",
        "0x1f_%s",
        "1%s",
        "1.5e-3%s",
        "-1.5%s",
        "'%s'::jsonb -> 'b'",
        "E'\\'' || '%s'",
        "'C:\\' || '%s'",
        "'\\\\' || '%s'",
        "E'\u0085\\' || '%s'",
    };

    private static final String[] AROUND = {
        "select %s",
        "select \"Col\", %s from t where a = %s and b in (%s, %s)",
        "insert into t values (%s, %s), (%s, 3)",
        "update t set a = %s where b = any(array[%s, %s])",
        "set app.token = %s",
        "set app.token to %s",
        "begin; set local app.token = %s; select 1",
        "alter role r set app.token to %s",
        "alter role r password %s",
        "call f(%s, (%s))",
        "select 1; select %s",
        "select * from f(%s) where x like %s escape %s",
    };

    private static String text(String sql) {
        return text(sql.getBytes(StandardCharsets.UTF_8), true, 80);
    }

    private static String text(byte[] sql, boolean standard, int longest) {
        return FINGERPRINTER.text(Unpooled.wrappedBuffer(sql), 0, sql.length, standard, longest);
    }

    private static long hash(String sql) {
        byte[] bytes = sql.getBytes(StandardCharsets.UTF_8);
        return FINGERPRINTER.hash(Unpooled.wrappedBuffer(bytes), 0, bytes.length, true);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "SELECT 1 | select ?",
                "select a from t where b = 'x' | select a from t where b = ?",
                "SELECT \"public\".\"User\".\"id\", \"public\".\"User\".\"email\" FROM \"User\" WHERE id = $1 | select ... from \"User\" where id = $1",
                "select  a ,  b\tfrom /* c */ t -- d | select a , b from t",
                "insert into \"User\" (\"id\", \"email\", \"createdAt\") VALUES ($1,$2,$3) returning id | insert into \"User\" (...) values ($1,$2,$3) returning id",
                "insert into t values (1, 'a'), (2, 'b') on conflict do nothing | insert into t values (?, ?) on conflict do nothing",
                "select a from t where b in (1, 2, 3) and c = 4 | select a from t where b in (?) and c = ?",
                "select a from t where b = any(array[$1, $2]) | select a from t where b = any(array[$1])",
                "update t set a = -5, b = +1.5e3 where c = x'1f' | update t set a = ?, b = ? where c = ?",
                "set app.token = abc | set app.token = ?",
                "SET search_path TO a, b | set search_path to ?",
                "alter role r set app.token to abc; commit | alter role r set app.token to ?; commit",
                "begin; select 1; | begin; select ?",
                "select $tag$ x $tag$, $1 | select ?, $1",
                "select U&'x', U&\"d\\0061t\" from t | select ?, U&\"d\\0061t\" from t",
                "select extract(year from a), b from t | select extract(year from a), b from t",
                "select 'C:\\', 'next' | select ? ...",
                "select 'open | select ?",
                "select 1 /* open | select ?",
                "select a::int[], b->>'c', a<>b | select a::int[], b->>?, a<>b",
            })
    void theTextIsReadableAndWithoutValues(String sql, String text) {
        assertThat(text(sql)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "select 1 | SELECT  2 ;",
                "select a from t where b = 'x' | Select a\tFrom t /* tag='1' */ Where b = $1 -- end",
                "select a from t where b in (1) | select a from t where b in (1, 2, (3))",
                "select a from t where b in ($3::int) and c = 1 | select a from t where b in ($1::int, $2::int) and c = 2",
                "insert into t(a) values (1) | insert into t(a) values (1), (f(2, 3)), (default)",
                "select a from t where b = array[1] | select a from t where b = array[1, 2]",
                "select $$a$$ | select E'b\\'c'",
                "select a where b > -1 | select a where b > 1",
                "set a.b = c | set a.b = 'd'",
            })
    void whatDiffersInValuesOnlyIsOne(String one, String other) {
        assertThat(hash(one)).isEqualTo(hash(other));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "select a from t | select b from t",
                "select \"A\" from t | select \"a\" from t",
                "select a from t | select \"a\" from t",
                "select a from t where b in (1) | select a from t where b = 1",
                "select a from t where b in (select 1, c) | select a from t where b in (select 1, d)",
                "insert into t values (1) on conflict do nothing | insert into t values (1)",
                "update t set a = 1, b = 2 | update t set a = 1, c = 2",
                "insert into t values (1) on conflict (a) do update set a = (1), b = 2 | insert into t values (1) on conflict (a) do update set a = (1), c = 2",
                "select 1; select a | select 1; select b",
                "select f(1)(2) | select f(1, 2)",
            })
    void statementsOfAnotherFormAreOthers(String one, String other) {
        assertThat(hash(one)).isNotEqualTo(hash(other));
    }

    /** A value of any form, anywhere, whole or cut off at any byte, under either setting of standard_conforming_strings. */
    @Test
    void aSecretNeverGetsIntoTheText() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (String around : AROUND) {
            for (int round = 0; round < 32; round++) {
                StringBuilder sql = new StringBuilder();
                int from = 0;
                for (int hole = around.indexOf("%s"); hole >= 0; hole = around.indexOf("%s", from)) {
                    String hider = HIDERS[round < HIDERS.length ? round : random.nextInt(HIDERS.length)];
                    sql.append(around, from, hole).append(hider.replace("%s", SECRET));
                    from = hole + 2;
                }
                sql.append(around, from, around.length());
                byte[] bytes = sql.toString()
                        .getBytes(random.nextBoolean() ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1);
                for (int end = 0; end <= bytes.length; end++) {
                    byte[] cut = java.util.Arrays.copyOf(bytes, end);
                    for (boolean standard : new boolean[] {true, false}) {
                        assertThat(text(cut, standard, 4000))
                                .as("%s cut at %d, standard %s (seed %d)", sql, end, standard, seed)
                                .doesNotContainIgnoringCase("hunter")
                                .doesNotContain("unter2");
                    }
                }
            }
        }
    }

    @Test
    void anyBytesGetOneShortLine() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        String pieces =
                "select from ( ) [ ] , ; ' \" $ $a$ E' \\ /* */ -- \n in values array set = - 1 . x u& \u0000 \u202e \r";
        String[] piece = pieces.split(" ");
        for (int round = 0; round < 20_000; round++) {
            StringBuilder sql = new StringBuilder();
            for (int i = random.nextInt(20); i > 0; i--) {
                sql.append(piece[random.nextInt(piece.length)]).append(random.nextBoolean() ? " " : "");
            }
            byte[] bytes = sql.toString().getBytes(StandardCharsets.UTF_8);
            if (round % 5 == 0) {
                random.nextBytes(bytes);
            }
            String text = text(bytes, random.nextBoolean(), 40);
            assertThat(text.length()).as("seed %d: %s", seed, sql).isLessThanOrEqualTo(40);
            assertThat(text.chars().noneMatch(c -> Character.isISOControl(c) || c == 0x202e))
                    .as("seed %d: %s", seed, sql)
                    .isTrue();
            Sql surrounded = Sql.of(bytes);
            assertThat(FINGERPRINTER.hash(surrounded.buf(), surrounded.from(), surrounded.to(), true))
                    .as("seed %d: %s", seed, sql)
                    .isEqualTo(FINGERPRINTER.hash(Unpooled.wrappedBuffer(bytes), 0, bytes.length, true));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"(", "[", "in (", "values (", "array[", "-", "$a$", "/*", "'", "set a=", "1,", "(1),", "select "
            })
    void longInputTakesLinearTime(String piece) {
        ByteBuf sql = Unpooled.copiedBuffer("values " + piece.repeat(1_000_000), StandardCharsets.US_ASCII);
        assertTimeoutPreemptively(Duration.ofSeconds(5), () -> {
            Fingerprinter own = new Fingerprinter();
            for (int i = 0; i < 20; i++) {
                own.hash(sql, 0, sql.writerIndex(), true);
                own.text(sql, 0, sql.writerIndex(), false, 80);
            }
            QueryTags.label(sql, 0, sql.writerIndex(), true);
        });
    }

    @Test
    void theHashAllocatesNothing() {
        ByteBuf sql = Unpooled.copiedBuffer(
                "/* a='b' */ SELECT \"u\".\"id\", count(*) FROM u WHERE a IN (1, 2, 3) AND b = 'x' AND c = $1 LIMIT -1",
                StandardCharsets.US_ASCII);
        long sum = 0;
        for (int i = 0; i < 20_000; i++) {
            sum += FINGERPRINTER.hash(sql, 0, sql.writerIndex(), true);
        }
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 20_000; i++) {
            sum += FINGERPRINTER.hash(sql, 0, sql.writerIndex(), true);
        }
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(allocated).as("bytes in 20,000 hashes (%d)", sum).isLessThan(20_000);
    }
}
