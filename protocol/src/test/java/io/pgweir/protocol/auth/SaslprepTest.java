package io.pgweir.protocol.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SaslprepTest {
    @ParameterizedTest(name = "{2}")
    @CsvSource(
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "user,user,ASCII stays",
                "USER,USER,case stays",
                "a\u0007b,a\u0007b,ASCII control characters stay as PostgreSQL never looks at them",
                "I\u00adX,IX,the soft hyphen goes away",
                "\u00aa,a,compatibility forms are normalized",
                "\u2168,IX,Roman numerals become letters",
                "e\u0301,\u00e9,accents are composed",
                "a\u00a0b\u3000c,a b c,spaces become the ASCII space",
                "a\u200bc,a c,the zero-width space is a space first",
                "\u0627\u0031\u0628,\u0627\u0031\u0628,right to left at both ends is fine",
                "\ufb1d,\u05d9\u05b4,right to left is judged before normalization",
            })
    void passwordsArePrepared(String password, String prepared, String why) {
        assertThat(prepare(password)).as(why).isEqualTo(prepared);
    }

    // Each of these also holds U+2460, which normalization would turn into the digit 1.
    @ParameterizedTest(name = "{1}")
    @CsvSource({
        "\ud83d\ude00\u2460,a code point that Unicode 3.2 did not have",
        "\u0221\u2460,the first of the unassigned",
        "\u00e9\u0007\u2460,a control character",
        "\u0085\u2460,a control character outside ASCII",
        "\ue000\u2460,private use",
        "\ufdd0\u2460,no character",
        "\u202e\u2460,a direction override",
        "\ufffd\u2460,the replacement character",
        "\u2ff0\u2460,a description character",
        "\u0627\u2460,right to left only at the start",
        "\u0627x\u2460\u0628,right to left mixed with left to right",
    })
    void whatTheProfileRefusesIsUsedRaw(String password, String why) {
        assertThat(prepare(password)).as(why).isEqualTo(password);
    }

    @Test
    void aPasswordThatWouldVanishIsUsedRaw() {
        assertThat(prepare("\u00ad")).isEqualTo("\u00ad");
        assertThat(prepare("")).isEmpty();
    }

    private static String prepare(String password) {
        return new String(Saslprep.prepare(password), StandardCharsets.UTF_8);
    }
}
