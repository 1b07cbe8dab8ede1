package io.pgweir.proxy.hba;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files in the form of pg_hba.conf: what they mean, and what is said of wrong ones. */
class HbaParserTest {
    private static final Path FILE = Path.of("dir/hba.conf");

    private final Map<Path, String> files = new TreeMap<>();
    private final List<String> problems = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    private final class Files implements HbaParser.Surroundings {
        @Override
        public String text(Path file) throws IOException {
            String text = files.get(file);
            if (text == null) {
                throw new IOException("there is no file '" + file + "'");
            }
            return text;
        }

        @Override
        public void problem(String where, String message) {
            problems.add(where + ": " + message);
        }

        @Override
        public void note(String where, String message) {
            notes.add(where + ": " + message);
        }
    }

    private static final class Machine implements LocalNetworks {
        @Override
        public List<HbaRange> hosts() {
            return List.of(HbaRange.of(new byte[] {10, 1, 2, 3}, 32));
        }

        @Override
        public List<HbaRange> networks() {
            return List.of(HbaRange.of(new byte[] {10, 1, 2, 3}, 24));
        }
    }

    private HbaRules read(String... lines) throws IOException {
        files.put(FILE, String.join("\n", lines) + "\n");
        return HbaParser.read(FILE, new Files(), new Machine());
    }

    /** What the rules say, in a word. */
    private static String verdict(HbaRules rules, String connection, String database, String user, String address)
            throws IOException {
        HbaRule rule = rules.match(connection.equals("tls"), List.of(database), user, InetAddress.getByName(address));
        return rule == null ? "none" : rule.method().text();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            host all all all trust                          | tcp | d | u | 1.2.3.4   | trust
            host all all all trust                          | tls | d | u | ::1       | trust
            hostssl all all all md5                         | tls | d | u | 1.2.3.4   | md5
            hostssl all all all md5                         | tcp | d | u | 1.2.3.4   | none
            hostnossl all all all md5                       | tcp | d | u | 1.2.3.4   | md5
            hostnossl all all all md5                       | tls | d | u | 1.2.3.4   | none
            host d all all scram-sha-256                    | tcp | d | u | 1.2.3.4   | scram-sha-256
            host d all all scram-sha-256                    | tcp | D | u | 1.2.3.4   | none
            host c,d all all scram-sha-256                  | tcp | d | u | 1.2.3.4   | scram-sha-256
            host c, d all all scram-sha-256                 | tcp | d | u | 1.2.3.4   | scram-sha-256
            host sameuser all all reject                    | tcp | u | u | 1.2.3.4   | reject
            host sameuser all all reject                    | tcp | d | u | 1.2.3.4   | none
            host "sameuser" all all reject                  | tcp | u | u | 1.2.3.4   | none
            host "all" all all reject                       | tcp | d | u | 1.2.3.4   | none
            host "all" all all reject                       | tcp | all | u | 1.2.3.4 | reject
            host "a b" "u ""x\""" all reject                 | tcp | a b | u "x" | 1.2.3.4 | reject
            host a" "b all all reject                       | tcp | a b | u | 1.2.3.4 | reject
            host "c,d" all all reject                       | tcp | c,d | u | 1.2.3.4 | reject
            host "#x" all all reject                        | tcp | #x | u | 1.2.3.4  | reject
            host "@x" "+y" all reject                       | tcp | @x | +y | 1.2.3.4 | reject
            host all u all reject # host all all all trust  | tcp | d | v | 1.2.3.4   | none
            host all all 1.2.3.4/32 reject                  | tcp | d | u | 1.2.3.4   | reject
            host all all 1.2.3.4/32 reject                  | tcp | d | u | 1.2.3.5   | none
            host all all 1.2.3.4/31 reject                  | tcp | d | u | 1.2.3.5   | reject
            host all all 1.2.3.4/0 reject                   | tcp | d | u | 9.9.9.9   | reject
            host all all 0.0.0.0/0 reject                   | tcp | d | u | ::1       | none
            host all all ::/0 reject                        | tcp | d | u | 1.2.3.4   | none
            host all all ::/0 reject                        | tcp | d | u | fe80::1   | reject
            host all all fe80::/10 reject                   | tcp | d | u | fe81::1   | reject
            host all all fe80::/10 reject                   | tcp | d | u | ff81::1   | none
            host all all ::ffff:1.2.3.0/24 reject           | tcp | d | u | 1.2.3.9   | reject
            host all all 10.0.0.0 255.0.0.255 reject        | tcp | d | u | 10.9.9.0  | reject
            host all all 10.0.0.0 255.0.0.255 reject        | tcp | d | u | 10.9.9.1  | none
            host all all fe80:: ffc0:: reject               | tcp | d | u | fe81::1   | reject
            host all all samehost reject                    | tcp | d | u | 10.1.2.3  | reject
            host all all samehost reject                    | tcp | d | u | 10.1.2.4  | none
            host all all samenet reject                     | tcp | d | u | 10.1.2.4  | reject
            host all all samenet reject                     | tcp | d | u | 10.1.3.4  | none
            """)
    void whoALineIsFor(String line, String connection, String database, String user, String address, String expected)
            throws IOException {
        assertThat(verdict(read(line), connection, database, user, address)).isEqualTo(expected);
        assertThat(problems).isEmpty();
    }

    @Test
    void theFirstLineThatFitsDecides() throws IOException {
        HbaRules rules = read(
                "# TYPE DATABASE USER ADDRESS METHOD",
                "",
                "host all postgres 0.0.0.0/0 reject",
                "host all all 10.0.0.0/8 trust",
                "host \\",
                "  shop,reports app, web 0.0.0.0/0 \\",
                "  scram-sha-256",
                "hostssl all all all cert",
                "host all all all md5");
        assertThat(problems).isEmpty();
        assertThat(verdict(rules, "tcp", "shop", "postgres", "10.0.0.1")).isEqualTo("reject");
        assertThat(verdict(rules, "tcp", "shop", "app", "10.0.0.1")).isEqualTo("trust");
        assertThat(verdict(rules, "tcp", "reports", "web", "11.0.0.1")).isEqualTo("scram-sha-256");
        assertThat(verdict(rules, "tls", "other", "web", "11.0.0.1")).isEqualTo("cert");
        assertThat(verdict(rules, "tcp", "other", "web", "11.0.0.1")).isEqualTo("md5");
        assertThat(rules.rules().get(2).where()).isEqualTo(FILE + ":5");
    }

    @Test
    void aDatabaseMayHaveSeveralNames() throws IOException {
        HbaRules rules = read("host other,b all all reject", "host a all all trust");
        InetAddress from = InetAddress.getByName("1.1.1.1");
        assertThat(rules.match(false, List.of("a", "b"), "u", from).method()).isEqualTo(HbaMethod.REJECT);
        assertThat(rules.match(false, List.of("a"), "u", from).method()).isEqualTo(HbaMethod.TRUST);
        assertThat(rules.match(false, List.of("c", "d"), "u", from)).isNull();
    }

    @Test
    void namesMayStandInFiles() throws IOException {
        files.put(Path.of("dir/names"), "app, \"all\" # and more\n@more\n");
        files.put(Path.of("dir/more"), "web\n");
        HbaRules rules = read("host @names @names all reject");
        assertThat(problems).isEmpty();
        assertThat(verdict(rules, "tcp", "all", "web", "1.1.1.1")).isEqualTo("reject");
        assertThat(verdict(rules, "tcp", "app", "app", "1.1.1.1")).isEqualTo("reject");
        assertThat(verdict(rules, "tcp", "names", "app", "1.1.1.1")).isEqualTo("none");

        files.put(Path.of("dir/loop"), "@loop");
        read("host @loop all all reject", "host all @gone all reject");
        assertThat(problems)
                .containsExactly(
                        FILE + ":1: \"@loop\": files name each other more than 10 levels deep",
                        FILE + ":2: \"@gone\": there is no file '" + Path.of("dir/gone") + "'");
    }

    @Test
    void filesThatNameEachOtherAreNotReadWithoutEnd() throws Exception {
        files.put(Path.of("dir/many"), "@many ".repeat(50));
        files.put(Path.of("dir/flat"), "@one ".repeat(HbaParser.MOST_FILES + 5));
        files.put(Path.of("dir/one"), "u");
        assertThat(read("host all @many all trust", "host all @flat all trust").rules())
                .isEmpty();
        assertThat(problems)
                .hasSize(2)
                .anySatisfy(problem -> assertThat(problem).startsWith(FILE + ":1: \"@many\": files name each other"))
                .anySatisfy(problem -> assertThat(problem).startsWith(FILE + ":2: \"@one\": this is the 1000th file"));
    }

    @Test
    void optionsOfCertificates() throws IOException {
        HbaRules rules = read(
                "hostssl all a all scram-sha-256 clientcert=verify-ca",
                "hostssl all b all trust clientcert=verify-full",
                "hostssl all c all cert");
        assertThat(problems).isEmpty();
        assertThat(rules.rules())
                .extracting(HbaRule::certificate)
                .containsExactly(ClientCertificate.VERIFY_CA, ClientCertificate.VERIFY_FULL, ClientCertificate.NONE);
        assertThat(rules.rules()).allMatch(HbaRule::asksForCertificate);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            host                                            | end-of-line before database specification
            host all                                        | end-of-line before role specification
            host all all                                    | end-of-line before IP address specification
            host all all all                                | end-of-line before authentication method
            host all all 1.2.3.4                            | end-of-line before netmask specification
            host all all 1.2.3.4 trust                      | invalid IP mask "trust"
            host all all 1.2.3.4 ffff:: trust               | IP address and mask do not match
            host all all 1.2.3.4/33 trust                   | invalid CIDR mask in address "1.2.3.4/33": write a number from 0 to 32
            host all all ::1/129 trust                      | invalid CIDR mask in address "::1/129"
            host all all 1.2.3.4/x trust                    | invalid CIDR mask
            host all all 1.2.3/24 trust                     | host names are not looked up
            host all all db.example.com trust               | host names are not looked up
            host all all .example.com trust                 | host names are not looked up
            host all all 1.2.3.4,5.6.7.8 trust              | multiple values specified for IP address specification
            host,hostssl all all all trust                  | multiple values specified for connection type
            Host all all all trust                          | invalid connection type "Host"
            hostgssenc all all all trust                    | no GSSAPI encryption
            include other.conf                              | include is not supported
            host all all all peer                           | authentication method "peer" is not supported by pgweir
            host all all all SCRAM                          | invalid authentication method "SCRAM"
            host all all all trust map=x                    | authentication option "map" is not supported
            host all all all trust x                        | not in name=value format
            host all all all cert                           | method cert needs TLS
            host all all all trust clientcert=verify-ca     | can only be configured for "hostssl" rows
            hostssl all all all trust clientcert=1          | invalid value for clientcert: "1"
            host samerole all all trust                     | does not know the members of roles
            host all +group all trust                       | does not know the members of roles
            host /^a all all trust                          | regular expressions are not supported
            host all /^a all trust                          | regular expressions are not supported
            host all "/^a,b$" all reject                    | regular expressions are not supported, and what begins with /
            host "/" all all reject                         | regular expressions are not supported
            host "all all all trust                         | a quotation mark has no second one
            """)
    void whatIsWrongIsSaidWithItsPlace(String line, String expected) throws IOException {
        HbaRules rules = read("host all all 1.1.1.1/32 trust", line);
        assertThat(problems).hasSize(1);
        assertThat(problems.get(0)).startsWith(FILE + ":2: ").contains(expected);
        assertThat(rules.rules()).hasSize(1);
    }

    @Test
    void everythingThatIsWrongIsSaidAtOnce() throws IOException {
        read("host all +a x trust", "host /b all all gss", "hostssl all all all md5 a=b clientcert=no");
        assertThat(problems).hasSize(6);
    }

    @Test
    void aFileWithoutLinesWouldLetNobodyIn() throws IOException {
        read("# nothing");
        assertThat(problems).hasSize(1);
        assertThat(problems.get(0)).contains("nobody could log in");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "local all all peer",
                "host all all all password",
                "host replication,all all all trust",
                "hostnossl all all all password"
            })
    void whatIsWorthKnowing(String line) throws IOException {
        read(line, "host all all all reject");
        assertThat(problems).isEmpty();
        assertThat(notes).hasSize(1);
        assertThat(notes.get(0)).startsWith(FILE + ":1: ");
    }
}
