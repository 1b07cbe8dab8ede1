package io.pgweir.protocol.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QueryTagsTest {
    private static String label(String sql) {
        ByteBuf bytes = Unpooled.copiedBuffer(sql, StandardCharsets.UTF_8);
        return QueryTags.label(bytes, 0, bytes.writerIndex(), true);
    }

    private static String labelAtEnd(String sql) {
        ByteBuf bytes = Unpooled.copiedBuffer(sql, StandardCharsets.UTF_8);
        return QueryTags.labelAtEnd(bytes, 0, bytes.writerIndex());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "select 1 /*route='%2Fapi%2Fenroll'*/ | /api/enroll",
                "select 1 /*prismaQuery='Course.findMany:eyJ3aGVyZSI6e319',route='%2Fapi%2Fenroll'*/; | /api/enroll Course.findMany",
                "select 1 /* prismaQuery='User.findUnique%3Ae30' */ | User.findUnique",
                "select 1 /*action='index',controller='users',framework='rails'*/ | users/index",
                "/*application:web,controller:users,action:show*/ select 1 | users/show",
                "/*route='%2Fa'*/ select 1 /*route='%2Fb'*/ | /b",
                "/*route='%2Fa'*/ select 1 /* nothing */ -- more | /a",
                "select 1 /*application='web%20shop'*/ | web shop",
                "select 1 /*route='it\\'s'*/ | it's",
                "select 1 /*traceparent='00-5bd6',route='%2Fa%0Ab'*/ | /a?b",
            })
    void tagsBecomeALabel(String sql, String label) {
        assertThat(label(sql)).isEqualTo(label);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select 1",
                "select '/*route=''x''*/'",
                "select '/*route=x*/'",
                "select 1 /* route='a b' */",
                "select 1 /* see route='x' */",
                "select 1 /*route='x*/",
                "select 1 /*route='x' or secret*/",
                "select /*route='inside'*/ 1",
                "select 1 /*traceparent='00'*/",
                "select 1 /*route=''*/",
                "select 'a\\', '/*route=x*/'",
                "select 1 /*route='x'",
                "",
            })
    void whatIsNoTagIsNoLabel(String sql) {
        assertThat(label(sql)).isNull();
    }

    @Test
    void aLabelIsBounded() {
        assertThat(label("select 1 /*route='" + "%2Fa".repeat(300) + "'*/"))
                .hasSize(QueryTags.LONGEST)
                .endsWith("...");
        assertThat(label("select 1 /*route='" + "a".repeat(3000) + "'*/")).isNull();
    }

    @Test
    void valuesBehindARouteAreNoPartOfIt() {
        assertThat(label("select 1 /*route='%2Freset%3Ftoken%3Dabc'*/")).isEqualTo("/reset");
        assertThat(label("select 1 /*route='users%23show'*/")).isEqualTo("users#show");
    }

    @Test
    void theEndOfACutTextHasItsLabelToo() {
        assertThat(labelAtEnd("... 'x' where a = 1 /*route='%2Fa'*/ ; ")).isEqualTo("/a");
        assertThat(labelAtEnd("secret */")).isNull();
        assertThat(labelAtEnd("/* '/*' , 'secret' -- */")).isNull();
        assertThat(labelAtEnd("*/")).isNull();
        assertThat(labelAtEnd("")).isNull();
    }
}
