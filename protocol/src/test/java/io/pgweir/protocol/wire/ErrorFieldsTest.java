package io.pgweir.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ErrorFieldsTest {
    @Test
    void everyFieldSurvives() {
        ErrorFields fields = ErrorFields.error(SqlState.UNDEFINED_OBJECT, "m");
        for (ErrorField field : ErrorField.values()) {
            fields = fields.with(field, "value of " + field);
        }
        assertThat(ErrorFields.decode(Messages.body(Messages.written(fields::encode))))
                .isEqualTo(fields);
    }

    @Test
    void theUntranslatedSeverityCounts() {
        assertThat(decode("SFEHLER|VERROR||").severity()).isEqualTo("ERROR");
        assertThat(decode("SFATAL||").severity()).isEqualTo("FATAL");
        assertThat(Messages.written(decode("SFEHLER|VERROR|C42601|Mm||")::encode))
                .asString(StandardCharsets.ISO_8859_1)
                .contains("SFEHLER\0VERROR\0");
    }

    @Test
    void absentFieldsAreNull() {
        ErrorFields fields = decode("|");
        assertThat(fields.severity()).isNull();
        assertThat(fields.code()).isNull();
        assertThat(fields.message()).isNull();
        assertThat(fields.detail()).isNull();
        assertThat(fields.hint()).isNull();
        assertThat(fields.routine()).isNull();
        assertThat(decode("")).isEqualTo(fields);
    }

    @Test
    void unknownFieldsAreSkippedAndOfRepeatedOnesTheLastCounts() {
        ErrorFields fields = decode("Xjunk|Mone|\1two|Mthree||");
        assertThat(fields.message()).isEqualTo("three");
        assertThat(fields.fields()).hasSize(1);
    }

    @Test
    void aMissingTerminatorEndsTheLastField() {
        assertThat(decode("C57P01|Mterminating conn").message()).isEqualTo("terminating conn");
        assertThat(decode("C57P01|M").message()).isEmpty();
        assertThat(decode("C57P01|Mx|").message()).isEqualTo("x");
    }

    @Test
    void aHugeErrorIsReadUpToItsBound() {
        ByteBuf body = Unpooled.buffer().writeByte('M');
        body.writeBytes("a".repeat(1_000_000).getBytes(StandardCharsets.US_ASCII))
                .writeZero(2);
        assertThat(ErrorFields.decode(body).message()).hasSize(Limits.ERROR_RESPONSE - 1);
        assertThat(body.isReadable()).isFalse();
    }

    @Test
    void withersLeaveTheOriginalAlone() {
        ErrorFields fields = ErrorFields.error(SqlState.INTERNAL_ERROR, "m");
        assertThat(fields.withDetail("d").detail()).isEqualTo("d");
        assertThat(fields.withHint("h").hint()).isEqualTo("h");
        assertThat(fields.withRoutine("r").routine()).isEqualTo("r");
        assertThat(fields.detail()).isNull();
        assertThat(fields.code()).isEqualTo("XX000");
    }

    private static ErrorFields decode(String body) {
        return ErrorFields.decode(Messages.between(body.replace('|', '\0').getBytes(StandardCharsets.ISO_8859_1)));
    }
}
