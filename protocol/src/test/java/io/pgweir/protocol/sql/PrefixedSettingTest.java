package io.pgweir.protocol.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgweir.protocol.sql.PrefixedSetting.Kind;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrefixedSettingTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "set own.a = 'b c' | SET | a | b c",
                " /* x */ SET SESSION Own . A TO 5s ; | SET | a | 5s",
                "set local \"own.a\"=-1.5 -- y | SET_LOCAL | a | -1.5",
                "set own.a to 'it''s' | SET | a | it's",
                "set own.a = 'default' | SET | a | default",
                "set own.a.b = x | SET | a.b | x",
            })
    void setGivesAValue(String sql, Kind kind, String name, String value) {
        assertThat(read(sql)).isEqualTo(new PrefixedSetting(kind, name, value));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "set own.a = default | SET | a",
                "reset OWN.a | RESET | a",
                "show own.a;; | SHOW | a",
                "set own.a | MALFORMED | a",
                "set own.a = | MALFORMED | a",
                "set own.a 1 | MALFORMED | a",
                "set own.a = 'x | MALFORMED | a",
                "set own.a = 'x' 'y' | MALFORMED | a",
                "set own.a = x, y | MALFORMED | a",
                "set own.a from current | MALFORMED | a",
                "set own. | MALFORMED | ``",
                "show own.a b | MALFORMED | a",
                "set own.a = 1; select 1 | NOT_ALONE | a",
                "select 1; ; reset own.a | NOT_ALONE | a",
            })
    void otherFormsGiveNone(String sql, Kind kind, String name) {
        assertThat(read(sql)).isEqualTo(new PrefixedSetting(kind, name, null));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "set",
                "select 1",
                "set owner.a = 1",
                "set a.own.b = 1",
                "set local = 1",
                "select 'set own.a = 1'",
                "select $$; set own.a = 1$$",
                "reset all",
                "show all",
                "update own.a set own = 1"
            })
    void otherStatementsAreNone(String sql) {
        assertThat(read(sql)).isNull();
    }

    @Test
    void statementsAreCounted() {
        assertThat(count("")).isZero();
        assertThat(count(" ; -- x")).isZero();
        assertThat(count("select ';'")).isEqualTo(1);
        assertThat(count("select 1;; select $$;$$ ; /* ; */")).isEqualTo(2);
        assertThat(severalMaybe("select 1 ; -- x")).isFalse();
        assertThat(severalMaybe("select 1;; select 2")).isTrue();
        assertThat(severalMaybe("select ';'")).isTrue();
    }

    private static @Nullable PrefixedSetting read(String sql) {
        ByteBuf buf = Unpooled.copiedBuffer(sql, StandardCharsets.UTF_8);
        return SqlScanner.prefixedSetting(buf, 0, buf.writerIndex(), "own.");
    }

    private static int count(String sql) {
        ByteBuf buf = Unpooled.copiedBuffer(sql, StandardCharsets.UTF_8);
        return SqlScanner.count(buf, 0, buf.writerIndex());
    }

    private static boolean severalMaybe(String sql) {
        ByteBuf buf = Unpooled.copiedBuffer(sql, StandardCharsets.UTF_8);
        return SqlScanner.mayBeSeveral(buf, 0, buf.writerIndex());
    }
}
