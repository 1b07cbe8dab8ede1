package io.pgweir.protocol.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReadOnlyStatementTest {
    private static boolean is(String sql) {
        ByteBuf text = Unpooled.copiedBuffer(sql, StandardCharsets.UTF_8);
        return ReadOnlyStatement.is(text, 0, text.readableBytes(), true);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT 1",
                "select * from t where a in (1, 2) and (b = $1 or c like 'x;y') order by d limit 5;",
                "SELECT \"public\".\"User\".\"id\" FROM \"public\".\"User\" WHERE (\"public\".\"User\".\"email\" = $1 AND 1=1) LIMIT $2 OFFSET $3",
                "SELECT COUNT(*) AS \"_count$_all\" FROM (SELECT \"a\".\"id\" FROM \"a\" OFFSET $1) AS \"sub\"",
                "SELECT coalesce(sum(x), 0), date_trunc('day', now()) FROM t GROUP BY 2",
                "VALUES (1), (2)",
                "TABLE t",
                "SHOW server_version -- for update",
                "/* delete */ SELECT 'insert into x' ; ",
            })
    void whatOnlyReadsIsFound(String sql) {
        assertThat(is(sql)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ";",
                "INSERT INTO t VALUES (1)",
                "UPDATE t SET a = 1",
                "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
                "SELECT * FROM t FOR UPDATE",
                "SELECT * FROM t FOR KEY SHARE",
                "SELECT * INTO u FROM t",
                "SELECT 1; DELETE FROM t",
                "SELECT 1; SELECT 2",
                "SELECT nextval('s')",
                "SELECT pg_advisory_lock(1)",
                "SELECT pg_notify('a', 'b')",
                "SELECT pg_catalog.setval('s', 1)",
                "SELECT mine.lower('x')",
                "SELECT mine . lower ('x')",
                "SELECT \"lower\"('x'), \"f\"(1)",
                "SELECT f (1)",
                "SELECT f/* */(1)",
                "SELECT random()",
                "SELECT dblink_exec('x')",
                "SELECT lo_unlink(1)",
                "SELECT set_config('a.b', 'c', false)",
                "EXPLAIN ANALYZE DELETE FROM t",
                "BEGIN",
                "COMMIT",
                "COPY t TO STDOUT",
                "CALL f()",
                "SELECT 1 /* no end",
                "SELECT 'a\\' || ';DELETE FROM t;'",
            })
    void whatMayDoMoreIsNot(String sql) {
        assertThat(is(sql)).isFalse();
    }

    @Test
    void noBytesBreakIt() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[random.nextInt(40)];
            random.nextBytes(bytes);
            ByteBuf text = Unpooled.wrappedBuffer("select ".getBytes(StandardCharsets.US_ASCII), bytes);
            ReadOnlyStatement.is(text, 0, text.readableBytes(), random.nextBoolean());
        }
    }
}
