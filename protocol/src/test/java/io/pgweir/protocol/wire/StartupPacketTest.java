package io.pgweir.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StartupPacketTest {
    private static final String V3_0 = "|\3||";

    @Test
    void parametersKeepTheirOrderAndTheLastDuplicateWins() {
        StartupPacket.Startup startup = startup(V3_0 + "user|eve|database|d|a|1|user|adam|a|2||");
        assertThat(startup.parameters())
                .containsExactly(entry("user", "adam"), entry("database", "d"), entry("a", "2"));
        assertThat(startup.user()).isEqualTo("adam");
        assertThat(startup.database()).isEqualTo("d");
        assertThat(startup.parameter("a")).isEqualTo("2");
        assertThat(startup.parameter("b")).isNull();
        assertThat(startup.protocolVersion()).isEqualTo(ProtocolVersion.V3_0);
    }

    @Test
    void theDatabaseDefaultsToTheUser() {
        assertThat(startup(V3_0 + "user|u||").database()).isEqualTo("u");
        assertThat(startup(V3_0 + "user|u|database|" + "||").database()).isEqualTo("u");
    }

    @Test
    void protocolOptionsAreKeptApartAndOnce() {
        StartupPacket.Startup startup = startup("|\3\47\17" + "user|u|_pq_.x|1|_pq_.y||_pq_.x|2||");
        assertThat(startup.protocolOptions()).containsExactly("_pq_.x", "_pq_.y");
        assertThat(startup.parameters()).containsOnlyKeys("user");
        assertThat(ProtocolVersion.minor(startup.protocolVersion())).isEqualTo(9_999);
    }

    @Test
    void requestsAreTold() {
        assertThat(decode("\4\322\26\57")).isEqualTo(new StartupPacket.SslRequest());
        assertThat(decode("\4\322\26\60")).isEqualTo(new StartupPacket.GssEncRequest());
        assertThat(decode("\4\322\26\56|||\7\1\2\3\4"))
                .usingRecursiveComparison()
                .isEqualTo(new StartupPacket.Cancel(7, new byte[] {1, 2, 3, 4}));
        byte[] longest = new byte[256];
        ByteBuf cancel = Unpooled.buffer();
        FrontendWriter.cancelRequest(cancel, -7, longest);
        assertThat(StartupPacket.decode(cancel.skipBytes(4)))
                .usingRecursiveComparison()
                .isEqualTo(new StartupPacket.Cancel(-7, longest));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 257, 300})
    void cancelKeysOfForbiddenLengthsAreRefused(int length) {
        ByteBuf cancel = Unpooled.buffer();
        FrontendWriter.cancelRequest(cancel, 1, new byte[length]);
        assertRefused(cancel.skipBytes(4), "08P01", "invalid length of cancel request packet");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "'';08P01;invalid length of startup packet",
                "|\3|;08P01;invalid length of startup packet",
                "\4\322\26\57x;08P01;invalid length of startup packet",
                "\4\322\26\60|;08P01;invalid length of startup packet",
                "|\3||;08P01;invalid startup packet layout: expected terminator as last byte",
                "|\3||user|u|;08P01;invalid startup packet layout: expected terminator as last byte",
                "|\3||user|u;08P01;invalid startup packet layout: expected terminator as last byte",
                "|\3||user|;08P01;invalid startup packet layout: expected terminator as last byte",
                "|\3||user;08P01;invalid startup packet layout: expected terminator as last byte",
                "|\3||user|u||x;08P01;invalid startup packet layout: expected terminator as last byte",
                "|\3||user|u|||;08P01;invalid startup packet layout: expected terminator as last byte",
                "|\3|||;28000;no PostgreSQL user name specified in startup packet",
                "|\3||user||database|d||;28000;no PostgreSQL user name specified in startup packet",
                "|\3||user|\377||;22021;invalid byte sequence for encoding \"UTF8\" in startup packet",
                "|\2||user|u||;0A000;unsupported frontend protocol 2.0: server supports 3.0 to 3.2",
                "|\4|\1user|u||;0A000;unsupported frontend protocol 4.1: server supports 3.0 to 3.2",
                "GET /;0A000;unsupported frontend protocol 18245.21536: server supports 3.0 to 3.2",
            })
    void malformedPacketsAreRefusedWithPostgresWordsAndCode(String packet, String code, String message) {
        assertRefused(bytes(packet), code, message);
    }

    @Test
    void packetsLongerThanPostgresTakesAreRefusedUnread() {
        String user = "u".repeat(Limits.STARTUP_PACKET - 4 - 5 - 2);
        assertThat(startup(V3_0 + "user|" + user + "||").user()).isEqualTo(user);
        assertRefused(bytes(V3_0 + "user|u" + user + "||"), "08P01", "invalid length of startup packet");
    }

    private static void assertRefused(ByteBuf packet, String code, String message) {
        assertThatThrownBy(() -> StartupPacket.decode(packet))
                .isInstanceOfSatisfying(
                        ProtocolViolation.class,
                        violation -> assertThat(violation.state().code()).isEqualTo(code))
                .hasMessage(message);
    }

    private static StartupPacket.Startup startup(String packet) {
        return (StartupPacket.Startup) decode(packet);
    }

    private static StartupPacket decode(String packet) {
        return StartupPacket.decode(bytes(packet));
    }

    private static ByteBuf bytes(String packet) {
        return Messages.between(packet.replace('|', '\0').getBytes(StandardCharsets.ISO_8859_1));
    }
}
