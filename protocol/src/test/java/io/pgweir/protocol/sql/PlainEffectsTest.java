package io.pgweir.protocol.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link PlainEffects} decides is what {@link SessionEffectReader} finds by itself. */
class PlainEffectsTest {
    private static final String WORDS =
            "select insert into values update delete from where with as set merge using table begin"
                    + " commit create temp temporary local function listen load call do execute explain declare hold reset drop close"
                    + " deallocate discard copy prepare all true t a.b x mine now count coalesce nextval currval setval pg_temp"
                    + " pg_advisory_lock pg_advisory_unlock set_config pg_catalog. PG_CATALOG . \"pg_catalog\". \"PG_CATALOG\"."
                    + " pg_catalog.count( app.count( app.nextval( pg_catalog.x( \"count\"( \"Count\"( \"set\"( log( tmp() ) operator("
                    + " distinct on function procedure view prepare materialized INSERT Into SeLeCt NOW Now inserted set_configs _ \u00e9t\u00e9"
                    + " into\u00e9 i\u00f1to e b x n u& 1 12 1.5 1e5 ( ) () (1) . .. , = :: : [ ] @ { ; ;; - / * \\ -- /* */ /**/"
                    + " $1 $12 $ $$ $a$ $a1$ a$1 a$ ' '' 'a' 'it''s' '\\' 'into' '(' e' E'\\'' n'x' x'1f' b'0' u&'a' u&\"a\""
                    + " date'2020-01-01' \" \"\" \"Mine\" \"now\" \"a\"\"now\" \"pg_temp\" \"a\".b(";

    private static final String[] PIECES = Stream.concat(
                    Stream.of(WORDS.split(" ")),
                    Stream.of(
                            "-- x (\n",
                            "--\r",
                            "/* now */",
                            "/* /* */",
                            "\n",
                            "\r",
                            "\t",
                            " ",
                            "\f",
                            "\u00a0",
                            "\0",
                            "( ",
                            "'a'\n'b'",
                            "'a' --\n 'b'",
                            "'a'\n'b'.x(",
                            "\"a\" . \"b\" ("))
            .toArray(String[]::new);

    /** To be cut, joined and changed. */
    private static final String[] USUAL = {
        "SELECT abalance FROM pgbench_accounts WHERE aid = 12345;",
        "SELECT \"public\".\"User\".\"id\" FROM \"public\".\"User\" WHERE (\"public\".\"User\".\"email\" = $1 AND 1=1) LIMIT $2",
        "INSERT INTO \"public\".\"User\" (\"name\", \"email\") VALUES ($1,$2) RETURNING \"public\".\"User\".\"id\"",
        "insert into t (a, b) values (1, 'x'), (2, now()) on conflict (a) do update set b = excluded.b",
        "update t set a = a + 1 where b in (select c from d) returning *",
        "with x as (delete from t where a < $1 returning *) select count(*), coalesce(max(y), 0) from x",
        "select 'it''s', 1.5, a.b[1], x::int from t as u (a, b) join lateral (select 1) v(c) on true",
        "/* app='x' */ select 1 -- done",
        "BEGIN; select 1; COMMIT",
        "ROLLBACK TO SAVEPOINT x",
    };

    private final SessionEffectReader reader = new SessionEffectReader();
    private int decided;
    private int undecided;

    @Test
    void whatIsDecidedIsWhatTheReaderFinds() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int round = 0; round < 150_000; round++) {
            StringBuilder text = new StringBuilder();
            String separator = random.nextInt(3) == 0 ? "" : " ";
            if (random.nextInt(4) > 0) {
                text.append(new String[] {"select ", "insert into ", "with ", "("}[random.nextInt(4)]);
            }
            for (int i = random.nextInt(12); i > 0; i--) {
                text.append(PIECES[random.nextInt(PIECES.length)]).append(separator);
            }
            assertSame(text.toString(), seed);
        }
        assertThat(decided).as("decided (seed %d)", seed).isGreaterThan(15_000);
        assertThat(undecided).as("undecided (seed %d)", seed).isGreaterThan(15_000);
    }

    @Test
    void usualStatementsCutAndChangedAnywhere() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int round = 0; round < 100_000; round++) {
            String one = USUAL[random.nextInt(USUAL.length)];
            int from = random.nextInt(4) == 0 ? random.nextInt(one.length()) : 0;
            String text = one.substring(
                    from, random.nextBoolean() ? one.length() : from + random.nextInt(one.length() - from));
            if (random.nextBoolean()) {
                int at = random.nextInt(text.length() + 1);
                int behind = Math.min(text.length(), at + random.nextInt(3));
                text = text.substring(0, at) + PIECES[random.nextInt(PIECES.length)] + text.substring(behind);
            }
            if (random.nextInt(4) == 0) {
                text += (random.nextBoolean() ? "; " : " ") + USUAL[random.nextInt(USUAL.length)];
            }
            assertSame(text, seed);
        }
        assertThat(decided).as("decided (seed %d)", seed).isGreaterThan(30_000);
    }

    /** Every string literal of every test, many of which are SQL. */
    @Test
    void theTextsOfAllTests() throws IOException {
        List<String> texts = texts();
        for (String text : texts) {
            assertSame(text, 0);
        }
        assertThat(texts).hasSizeGreaterThan(2000);
        assertThat(decided).isGreaterThan(500);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT abalance FROM pgbench_accounts WHERE aid = 12345;",
                "SELECT \"public\".\"User\".\"id\" FROM \"public\".\"User\" WHERE (\"public\".\"User\".\"email\" = $1 AND 1=1)",
                "INSERT INTO \"public\".\"User\" (\"name\", \"email\") VALUES ($1,$2) RETURNING \"public\".\"User\".\"id\"",
                "insert into t (a, b) values (1, 'it''s'), (2, now())",
                "/* app='x' */ select count(*), mine(1) from t as u (a, b) -- done",
                "update t set a = a + 1 where b in (select c from d)",
                "BEGIN; select 1; COMMIT",
                "start transaction isolation level serializable",
            })
    void usualStatementsAreDecided(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        assertThat(PlainEffects.read(bytes, 0, bytes.length, true)).isNotEqualTo(PlainEffects.NOT_PLAIN);
    }

    @Test
    void longTextIsReadWhereItLies() {
        String text = "select " + "1, ".repeat(10_000) + "mine()";
        ByteBuf direct = Unpooled.directBuffer().writeBytes(text.getBytes(StandardCharsets.UTF_8));
        try {
            for (int length : new int[] {0, 1, 10, 1024, 1025, 16 << 10, (16 << 10) + 1, direct.writerIndex()}) {
                assertThat(reader.read(direct, 0, length, false, true))
                        .as("%d bytes", length)
                        .isEqualTo(reader.read(direct, 0, length, true, null));
            }
            assertThat(reader.read(direct, 5, 4, false, true)).isZero();
        } finally {
            direct.release();
        }
    }

    private void assertSame(String text, long seed) {
        Sql sql = Sql.of(text);
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        for (boolean standard : new boolean[] {true, false}) {
            int plain = PlainEffects.read(bytes, 0, bytes.length, standard);
            int inside = PlainEffects.read(sql.buf().array(), sql.from(), sql.to(), standard);
            assertThat(inside).as("surrounded: %s (seed %d)", text, seed).isEqualTo(plain);
            if (plain == PlainEffects.NOT_PLAIN) {
                undecided++;
                continue;
            }
            decided++;
            int full = reader.read(sql.buf(), sql.from(), sql.to(), standard, null);
            if (plain != full) {
                assertThat(plain)
                        .as("%s (standard strings: %s, seed %d)", text, standard, seed)
                        .isEqualTo(full);
            }
        }
    }

    private static List<String> texts() throws IOException {
        Pattern literal = Pattern.compile("\"((?:[^\"\\\\\n]|\\\\.)*)\"");
        List<String> texts = new ArrayList<>();
        try (Stream<Path> files = Files.walk(Path.of("..").toAbsolutePath().normalize())) {
            List<Path> tests = files.filter(
                            file -> file.toString().replace('\\', '/').contains("/src/test/java/")
                                    && file.toString().endsWith(".java"))
                    .toList();
            for (Path test : tests) {
                Matcher matcher = literal.matcher(Files.readString(test));
                while (matcher.find()) {
                    if (!matcher.group(1).contains("\\u")) {
                        texts.add(matcher.group(1).translateEscapes());
                    }
                }
            }
        }
        return texts;
    }
}
