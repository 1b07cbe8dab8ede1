package io.pgweir.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** About half of the rows, the refusals above all, are what PostgreSQL 15 answered; the rest follow its manual. */
class StartupOptionsTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '>',
            quoteCharacter = '`',
            value = {
                "``                                  > ``",
                "`   `                               > ``",
                "-c work_mem=5MB                     > [work_mem=5MB]",
                "-cwork_mem=5MB                      > [work_mem=5MB]",
                "-c work-mem=5MB                     > [work_mem=5MB]",
                "--work-mem=5MB                      > [work_mem=5MB]",
                "--search_path=a,b                   > [search_path=a,b]",
                "-c a.b=c=d                          > [a.b=c=d]",
                "-c a.b=                             > [a.b=]",
                "-c a.b=\\ x\\ y                     > [a.b= x y]",
                "-c a.b=x\\\\y                       > [a.b=x\\y]",
                "-c a.b=5\\                          > [a.b=5]",
                "-c a.b=it's                         > [a.b=it's]",
                "-c a.b=1 -c a.b=2 --c-d.e=3         > [a.b=1][a.b=2][c_d.e=3]",
                "\\-c\\ a=5                          > [ a=5]",
                "-c -a=5                             > [_a=5]",
                "-e                                  > [datestyle=euro]",
                "-ec a=1                             > [datestyle=euro][a=1]",
                "-fs -fi -fo -fb -ft -fn -fm -fh     > [enable_seqscan=false][enable_indexscan=false]"
                        + "[enable_indexonlyscan=false][enable_bitmapscan=false][enable_tidscan=false]"
                        + "[enable_nestloop=false][enable_mergejoin=false][enable_hashjoin=false]",
                "-S 6MB -s -O -P                     > [work_mem=6MB][log_statement_stats=true]"
                        + "[allow_system_table_mods=true][ignore_system_indexes=true]",
                "-tpa -tpl -t e                      > [log_parser_stats=true][log_planner_stats=true]"
                        + "[log_executor_stats=true]",
                "-B 1 -F -h x -i -k y -l -N 2 -p 3 -W 4 > [shared_buffers=1][fsync=false][listen_addresses=x]"
                        + "[listen_addresses=*][unix_socket_directories=y][ssl=true][max_connections=2][port=3]"
                        + "[post_auth_delay=4]",
                "-b -j -n -T -E -D x -C y -r z -v 3  > ``",
                "--                                  > ``",
                "-c a=1 --                           > [a=1]",
            })
    void optionsAreReadAsPostgresReadsThem(String options, String settings) {
        assertThat(render(options)).isEqualTo(settings);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '>',
            quoteCharacter = '`',
            value = {
                "foo            > 42601 > invalid command-line argument for server process: foo",
                "-              > 42601 > invalid command-line argument for server process: -",
                "-- foo         > 42601 > invalid command-line argument for server process: foo",
                "-c a=1 foo     > 42601 > invalid command-line argument for server process: foo",
                "-z             > 42601 > invalid command-line argument for server process: -z",
                "-c             > 42601 > invalid command-line argument for server process: -c",
                "-fx            > 42601 > invalid command-line argument for server process: -fx",
                "-tx            > 42601 > invalid command-line argument for server process: -tx",
                "-tp            > 42601 > invalid command-line argument for server process: -tp",
                "`\\ `          > 42601 > `invalid command-line argument for server process:  `",
                "`\\`           > 42601 > `invalid command-line argument for server process: `",
                "-c foo         > 42601 > -c foo requires a value",
                "-ce -c a=1     > 42601 > -c e requires a value",
                "--foo          > 42601 > --foo requires a value",
                "--foo=1 --bar  > 42601 > --bar requires a value",
                "-c =5          > 42704 > unrecognized configuration parameter \"\"",
                "-c=            > 42704 > unrecognized configuration parameter \"\"",
                "--=5           > 42704 > unrecognized configuration parameter \"\"",
                "-d 2           > 0A000 > startup option -d is not supported; use -c name=value",
            })
    void whatPostgresRefusesIsRefusedInItsWords(String options, String code, String message) {
        assertThatThrownBy(() -> StartupOptions.parse(options))
                .isInstanceOfSatisfying(
                        ProtocolViolation.class,
                        violation -> assertThat(violation.state().code()).isEqualTo(code))
                .hasMessage(message);
    }

    @Test
    void everyAsciiSpaceSeparates() {
        assertThat(render("-c\ta=1\n-c\013b=2\f-c\rc=3")).isEqualTo("[a=1][b=2][c=3]");
        assertThat(render("-c a=1\u00a0-c")).isEqualTo("[a=1\u00a0-c]");
    }

    @Test
    void theNumberOfSettingsIsBounded() {
        assertThat(StartupOptions.parse("-" + "e".repeat(Limits.STARTUP_OPTIONS)))
                .hasSize(Limits.STARTUP_OPTIONS);
        assertThatThrownBy(() -> StartupOptions.parse("-" + "e".repeat(Limits.STARTUP_OPTIONS + 1)))
                .isInstanceOfSatisfying(
                        ProtocolViolation.class,
                        violation -> assertThat(violation.state()).isEqualTo(SqlState.PROGRAM_LIMIT_EXCEEDED));
    }

    @Test
    void anyTextEndsInSettingsOrAViolation() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        String alphabet = "-c=a \\\t\0d'\"";
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            for (int round = 0; round < 100_000; round++) {
                StringBuilder options = new StringBuilder();
                for (int i = random.nextInt(12); i > 0; i--) {
                    options.append(alphabet.charAt(random.nextInt(alphabet.length())));
                }
                try {
                    assertThat(StartupOptions.parse(options.toString()))
                            .as("%s (seed %d)", options, seed)
                            .allSatisfy(setting -> assertThat(setting.getKey()).isNotEmpty());
                } catch (ProtocolViolation expected) {
                    assertThat(expected.getMessage()).isNotBlank();
                }
            }
        });
    }

    private static String render(String options) {
        return StartupOptions.parse(options).stream()
                .map(setting -> "[" + setting.getKey() + "=" + setting.getValue() + "]")
                .collect(Collectors.joining());
    }
}
