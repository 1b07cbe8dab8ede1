package io.pgweir.proxy.backend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who shares a statement with whom. */
class ParseContextTest {
    private static final ParseContext TOKYO = context(Map.of("timezone", "Asia/Tokyo"));

    private final StatementRegistry registry = new StatementRegistry(new AtomicLong());

    @Test
    void settingsThatDoNotMatterToTextsLeaveTheContextThatAllShare() {
        assertThat(context(Map.of())).isSameAs(ParseContext.NONE);
        assertThat(context(Map.of("application_name", "x", "statement_timeout", "1s")))
                .isSameAs(ParseContext.NONE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"select 'x'", "select $$x$$", "select $a$x$a$", "select length(\u00e9)"})
    void aTextWithALiteralIsSharedUnderEqualSettings(String sql) {
        PreparedStatement shared = intern(sql, TOKYO);
        assertThat(intern(sql, ParseContext.NONE)).isNotSameAs(shared);
        assertThat(intern(sql, context(Map.of("timezone", "Asia/Tokyo")))).isSameAs(shared);
        assertThat(intern(sql, context(Map.of("timezone", "UTC")))).isNotSameAs(shared);
        assertThat(shared.fits(TOKYO)).isTrue();
        assertThat(shared.fits(ParseContext.NONE)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"select 1", "select a from t where b = $1 and c = $12"})
    void aTextWithoutALiteralIsSharedWhateverLiteralsAreReadBy(String sql) {
        assertThat(intern(sql, TOKYO)).isSameAs(intern(sql, ParseContext.NONE));
    }

    @ParameterizedTest
    @ValueSource(strings = {"search_path", "role", "session_authorization", "transform_null_equals"})
    void whatNamesAndOperatorsAreReadByAlwaysCounts(String name) {
        PreparedStatement shared = intern("select 1", ParseContext.NONE);
        assertThat(intern("select 1", context(Map.of(name, "a")))).isNotSameAs(shared);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select 'now'",
                "select date 'TODAY'",
                "select 'tomorrow 10:00'::timestamp",
                "select $$Yesterday$$"
            })
    void aTextThatMayReadTheClockAtParseIsNeverShared(String sql) {
        PreparedStatement first = intern(sql, ParseContext.NONE);
        assertThat(first.isShared()).isFalse();
        assertThat(intern(sql, ParseContext.NONE)).isNotSameAs(first);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"select now(), 'x'", "select NOW (), 'x'", "select today from t", "select 'known', 'nowhere'"})
    void otherTextsWithSuchLettersAreShared(String sql) {
        assertThat(intern(sql, ParseContext.NONE)).isSameAs(intern(sql, ParseContext.NONE));
    }

    @Test
    void aCopyIsOneClientsAloneAndKnowsItsOriginal() {
        PreparedStatement shared = intern("select 1", ParseContext.NONE);
        PreparedStatement copy = registry.copy(shared);
        assertThat(copy.isShared()).isFalse();
        assertThat(copy.original()).isSameAs(shared);
        assertThat(copy.serverName()).isNotEqualTo(shared.serverName());
        registry.retire(copy);
        assertThat(intern("select 1", ParseContext.NONE)).isSameAs(shared);
    }

    @Test
    void retiringConcernsOneContext() {
        PreparedStatement tokyo = intern("select 'x'", TOKYO);
        PreparedStatement none = intern("select 'x'", ParseContext.NONE);
        registry.retire(tokyo);
        assertThat(intern("select 'x'", TOKYO)).isNotSameAs(tokyo);
        assertThat(intern("select 'x'", ParseContext.NONE)).isSameAs(none);
    }

    private PreparedStatement intern(String sql, ParseContext context) {
        byte[] body = (sql + "\0\0\0").getBytes(UTF_8);
        return registry.intern(Unpooled.wrappedBuffer(body), 0, body.length, context);
    }

    private static ParseContext context(Map<String, String> settings) {
        return ParseContext.of(SessionSettings.of(settings));
    }
}
