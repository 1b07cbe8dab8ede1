package io.pgweir.protocol.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScramSecretTest {
    private static final String KEY = Base64.getEncoder().encodeToString(new byte[32]);

    /** What CREATE ROLE ... PASSWORD left in pg_authid of PostgreSQL 15. */
    @ParameterizedTest
    @CsvSource({
        "\ud83d\ude00\u2460,pjCHDxyzF1jmIsumRaBCpg==$2hwqbYpwAspPK47CgINcIUMbs2wYByqj6AjhQ5jY0YU=:03RzPh/p+N66qQukNoCJOiSWfCmDhGy11Rw84n+7064=",
        "I\u00adX,1U/XRiHt7exxjGTrCaIeWg==$3Rrd/BrLJP5KhIXzG2obTdzUxW39rbkd2u2flSS/0S4=:Gua8gT2v8aT20YJnWcswL33Mmp57d10tfiiedL1JkIY=",
        "\u2168,q0rk4Jz7ZAO6wyg1MoYsCQ==$beivr2/rN7Aw9O0iniC9ZNSOBcKa1nxtkNNEX5wFtAE=:R63rGuAHEur+gmKUyKoj+xuxsDSOass4TnsQbxzJ8UM=",
        "\u06271,+VJ5lfuKqpTOVtZP9EO5fQ==$o1iIWinq05BZt5EIeTpATuom5xXMWUS3wJ+LHI4KF+w=:khbXZ+zzvp2TQ5xoJF6/aqEY9pc6G623GdMR1QAQV9g=",
        "a\u00a0b\u200bc,Z/4XVf7U59sz0p8J3TjQJw==$zAI6zM8wIxTxbsZgJHwqqXqOdUFg1mzV33dfzamTaHI=:I7oY+CYSYALHVVEN8oYtXoHufU43zr0d9BEfuT5JwTU=",
        "\ue000\u2460,mirla4Yw92anBw4WO8ZJug==$M7fi5DPCsNXqM5wqDv25G8Au+oXjagSWgUNw6iZbk60=:PK9z1jpsceowtgxr/1STqOqb1UU3vx32v/kI3YzpGfk=",
        "e\u0301,gPCZ4c4gg8hcx2AlBhv1GQ==$UVoVSAH4u1CcnxbPHbJZ4OIPisloqAQItJfX4CvUn4w=:593RJFYMRrn6Sm3aS0f8Rkz/202MPgHqZtRtD48NNt4=",
        "\u06271\u0628,q+MHthQM+aXxcXArWB+Hzg==$FpvsCGcLcsUGrTU+XrKC7diVqxapsH7ir4tqdGp8gQI=:sHHvz1x/25X4jfH9TRzewYQGGO7Q7SOHAPySjH8JfeM=",
        "\u00ad,f9WW4tb2gQKklUXuCbN/qA==$rYGVgbYPpDl9w0q319UBvoLvOWof+BVO/w+koUB/ZYU=:PPRiHuJwd3bebJC3XWWQa82NJ58pjdG/txDTmyhKEzg=",
    })
    void derivingGivesTheSecretThatPostgresStored(String password, String rest) {
        ScramSecret stored = ScramSecret.parse("SCRAM-SHA-256$4096:" + rest);
        assertThat(ScramSecret.derive(password, stored.salt(), stored.iterations()))
                .usingRecursiveComparison()
                .isEqualTo(stored);
        assertThat(stored.format()).isEqualTo("SCRAM-SHA-256$4096:" + rest);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "secret",
                "md5c4ca4238a0b923820dcc509a6f75849b",
                "SCRAM-SHA-256$",
                "SCRAM-SHA-256$0:AAAA$KEY:KEY",
                "SCRAM-SHA-256$1000001:AAAA$KEY:KEY",
                "SCRAM-SHA-256$99999999999:AAAA$KEY:KEY",
                "SCRAM-SHA-256$-1:AAAA$KEY:KEY",
                "SCRAM-SHA-256$4096:$KEY:KEY",
                "SCRAM-SHA-256$4096:A$KEY:KEY",
                "SCRAM-SHA-256$4096:AAAA$KEY:AAAA",
                "SCRAM-SHA-256$4096:AAAA$AAAA:KEY",
                "SCRAM-SHA-256$4096:AAAA$KEY:KEY:KEY",
                "SCRAM-SHA-256$4096:AAAA$KEY:KEY\n",
                "SCRAM-SHA-1$4096:AAAA$KEY:KEY",
            })
    void whatIsNoSecretIsRefusedWithoutRepeatingIt(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ScramSecret.parse(text.replace("KEY", KEY)))
                .withMessage("not a SCRAM secret: expected SCRAM-SHA-256$iterations:salt$storedKey:serverKey");
    }

    @Test
    void theSmallestValidSecretIsAccepted() {
        assertThat(ScramSecret.parse("SCRAM-SHA-256$1:AAAA$KEY:KEY".replace("KEY", KEY))
                        .iterations())
                .isEqualTo(1);
    }

    @Test
    void aMockIsTheSameEveryTimeAndDependsOnUserAndKey() {
        byte[] key = {1, 2, 3};
        String alice = ScramSecret.mock(key, "alice").format();
        assertThat(ScramSecret.mock(key.clone(), "alice").format()).isEqualTo(alice);
        assertThat(ScramSecret.mock(key, "bob").salt())
                .isNotEqualTo(ScramSecret.mock(key, "alice").salt());
        assertThat(ScramSecret.mock(new byte[] {3}, "alice").salt())
                .isNotEqualTo(ScramSecret.mock(key, "alice").salt());
        assertThat(alice).startsWith("SCRAM-SHA-256$4096:");
        assertThat(ScramSecret.mock(key, "alice").salt()).hasSize(16);
        assertThat(ScramSecret.mock(key, "alice", 9).iterations()).isEqualTo(9);
    }

    @Test
    void printingRevealsNoKeys() {
        ScramKeys keys = ScramKeys.derive("secret", new byte[] {1}, 1);
        assertThat(keys).hasToString("ScramKeys[...]");
        assertThat(ScramSecret.of(keys, new byte[] {1}, 1)).hasToString("ScramSecret[iterations=1, ...]");
    }

    @Test
    void iterationsAreBounded() {
        assertThatIllegalArgumentException().isThrownBy(() -> ScramKeys.derive("x", new byte[1], 0));
        assertThatIllegalArgumentException().isThrownBy(() -> ScramKeys.derive("x", new byte[1], 1_000_001));
    }
}
