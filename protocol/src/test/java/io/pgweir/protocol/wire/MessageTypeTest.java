package io.pgweir.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessageTypeTest {
    @Test
    void allTypesOfTheManualAreKnownAndNoOthers() {
        String frontend = "";
        String backend = "";
        for (int i = 0; i < 256; i++) {
            frontend += FrontendType.isKnown((byte) i) ? (char) i : "";
            backend += BackendType.isKnown((byte) i) ? (char) i : "";
        }
        assertThat(frontend).isEqualTo("BCDEFHPQSXcdfp");
        assertThat(backend).isEqualTo("123ACDEGHIKNRSTVWZcdnstv");
    }

    @Test
    void everyByteHasAName() {
        assertThat(FrontendType.nameOf(FrontendType.PASSWORD)).isEqualTo("PasswordMessage");
        assertThat(BackendType.nameOf(BackendType.READY_FOR_QUERY)).isEqualTo("ReadyForQuery");
        for (int i = 0; i < 256; i++) {
            byte type = (byte) i;
            String unknown = "unknown (0x%02x)".formatted(i);
            assertThat(FrontendType.nameOf(type).equals(unknown)).isEqualTo(!FrontendType.isKnown(type));
            assertThat(BackendType.nameOf(type).equals(unknown)).isEqualTo(!BackendType.isKnown(type));
        }
    }

    @ParameterizedTest
    @ValueSource(chars = {'Q', 'P', 'B', 'F', 'd'})
    void messagesWithUserDataMayHaveOneGigabyte(char type) {
        assertThat(FrontendType.maxBodyLength((byte) type)).isEqualTo((1 << 30) - 2 - 4);
    }

    @ParameterizedTest
    @ValueSource(chars = {'C', 'D', 'E', 'H', 'S', 'X', 'c', 'f'})
    void messagesWithoutUserDataAreSmall(char type) {
        assertThat(FrontendType.maxBodyLength((byte) type)).isEqualTo(9_996);
    }

    @Test
    void passwordsAreBoundedAndUnknownTypesHaveNoBody() {
        assertThat(FrontendType.maxBodyLength(FrontendType.PASSWORD)).isEqualTo(65_531);
        for (int i = 0; i < 256; i++) {
            assertThat(FrontendType.maxBodyLength((byte) i) > 0).isEqualTo(FrontendType.isKnown((byte) i));
        }
    }

    @Test
    void onlyThreeTransactionStatusesExist() {
        for (int i = 0; i < 256; i++) {
            assertThat(TransactionStatus.isKnown((byte) i)).isEqualTo("ITE".indexOf(i) >= 0);
        }
    }

    @ParameterizedTest
    @CsvSource({"3,0,196608", "3,2,196610", "3,9999,206607", "65535,65535,-1", "1234,5679,80877103"})
    void versionsAreTwoHalves(int major, int minor, int version) {
        assertThat(ProtocolVersion.of(major, minor)).isEqualTo(version);
        assertThat(ProtocolVersion.major(version)).isEqualTo(major);
        assertThat(ProtocolVersion.minor(version)).isEqualTo(minor);
    }

    @Test
    void halvesThatDoNotFitAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> ProtocolVersion.of(65_536, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> ProtocolVersion.of(3, -1));
    }

    @Test
    void sqlStatesAreDistinctAndWellFormed() {
        assertThat(Arrays.stream(SqlState.values()).map(SqlState::code))
                .doesNotHaveDuplicates()
                .allMatch(code -> code.matches("[0-9A-Z]{5}"));
        for (SqlState state : SqlState.values()) {
            assertThat(SqlState.of(state.code())).isSameAs(state);
        }
        assertThat(SqlState.of("22012")).isNull();
    }
}
