package io.pgweir.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The layouts of the protocol chapter, spelled out; {@code |} stands for a zero byte. */
class MessageBytesTest {
    private static final byte[] KEY = {1, 2, 3, 4};

    @Test
    void backendMessagesHaveTheLayoutOfTheManual() {
        assertBytes("R|||\10||||", BackendWriter::authenticationOk);
        assertBytes("R|||\10|||\3", BackendWriter::authenticationCleartextPassword);
        assertBytes("R|||\14|||\5\1\2\3\4", buf -> BackendWriter.authenticationMd5Password(buf, KEY));
        assertBytes("R|||\14|||\12ab||", buf -> BackendWriter.authenticationSasl(buf, List.of("ab")));
        assertBytes("R|||\11|||\13x", buf -> BackendWriter.authenticationSaslContinue(buf, new byte[] {'x'}));
        assertBytes("R|||\11|||\14x", buf -> BackendWriter.authenticationSaslFinal(buf, new byte[] {'x'}));
        assertBytes("K|||\14|||\7\1\2\3\4", buf -> BackendWriter.backendKeyData(buf, 7, KEY));
        assertBytes("S|||\10a|b|", buf -> BackendWriter.parameterStatus(buf, "a", "b"));
        assertBytes("Z|||\5T", buf -> BackendWriter.readyForQuery(buf, TransactionStatus.IN_TRANSACTION));
        assertBytes("1|||\4", BackendWriter::parseComplete);
        assertBytes("2|||\4", BackendWriter::bindComplete);
        assertBytes("3|||\4", BackendWriter::closeComplete);
        assertBytes("n|||\4", BackendWriter::noData);
        assertBytes("s|||\4", BackendWriter::portalSuspended);
        assertBytes("I|||\4", BackendWriter::emptyQueryResponse);
        assertBytes("C|||\12BEGIN|", buf -> BackendWriter.commandComplete(buf, "BEGIN"));
        assertBytes(
                "v|||\16|\3|\2|||\1x|",
                buf -> BackendWriter.negotiateProtocolVersion(buf, ProtocolVersion.V3_2, List.of("x")));
        assertBytes(
                "T|||\32|\1a|||||||" + "|||\31\377\377\377\377\377\377||",
                buf -> BackendWriter.rowDescription(buf, List.of(ColumnDescription.text("a"))));
        assertBytes("D|||\17|\2|||\1x\377\377\377\377", buf -> BackendWriter.dataRow(buf, "x", null));
        assertBytes("t|||\12|\1|||\27", buf -> BackendWriter.parameterDescription(buf, 23));
        assertBytes("G|||\13\1|\2|||\1", buf -> BackendWriter.copyInResponse(buf, 1, (short) 0, (short) 1));
        assertBytes("H|||\7|||", buf -> BackendWriter.copyOutResponse(buf, 0));
        assertBytes("W|||\7|||", buf -> BackendWriter.copyBothResponse(buf, 0));
        assertBytes("d|||\5x", buf -> BackendWriter.copyData(buf, new byte[] {'x'}));
        assertBytes("c|||\4", BackendWriter::copyDone);
        assertBytes("A|||\14|||\7c|p|", buf -> BackendWriter.notificationResponse(buf, 7, "c", "p"));
        assertBytes("V|||\10\377\377\377\377", buf -> BackendWriter.functionCallResponse(buf, null));
    }

    @Test
    void frontendMessagesHaveTheLayoutOfTheManual() {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("user", "u");
        parameters.put("a", "b");
        assertBytes("|||\24|\3||user|u|a|b||", buf -> FrontendWriter.startup(buf, ProtocolVersion.V3_0, parameters));
        assertBytes("|||\10\4\322\26\57", FrontendWriter::sslRequest);
        assertBytes("|||\10\4\322\26\60", FrontendWriter::gssEncRequest);
        assertBytes("|||\20\4\322\26\56|||\7\1\2\3\4", buf -> FrontendWriter.cancelRequest(buf, 7, KEY));
        assertBytes("Q|||\6x|", buf -> FrontendWriter.query(buf, "x"));
        assertBytes("P|||\16n|q|" + "|\1|||\27", buf -> FrontendWriter.parse(buf, "n", "q", 23));
        assertBytes("B|||\23p|s|" + "|||\1|||\1x||", buf -> FrontendWriter.bind(buf, "p", "s", "x"));
        assertBytes("D|||\7Sn|", buf -> FrontendWriter.describe(buf, (byte) 'S', "n"));
        assertBytes("E|||\12p|||\1|", buf -> FrontendWriter.execute(buf, "p", 256));
        assertBytes("C|||\7Pn|", buf -> FrontendWriter.close(buf, (byte) 'P', "n"));
        assertBytes("S|||\4", FrontendWriter::sync);
        assertBytes("H|||\4", FrontendWriter::flush);
        assertBytes("X|||\4", FrontendWriter::terminate);
        assertBytes("p|||\13m||||\1x", buf -> FrontendWriter.saslInitialResponse(buf, "m", new byte[] {'x'}));
        assertBytes("p|||\12m|\377\377\377\377", buf -> FrontendWriter.saslInitialResponse(buf, "m", null));
        assertBytes("p|||\5x", buf -> FrontendWriter.saslResponse(buf, new byte[] {'x'}));
        assertBytes("c|||\4", FrontendWriter::copyDone);
        assertBytes("f|||\6r|", buf -> FrontendWriter.copyFail(buf, "r"));
        assertBytes(
                "F|||\22|||\1|||\1|||" + "||\1",
                buf -> FrontendWriter.functionCall(buf, 1, new short[0], Messages.values(new byte[0]), (short) 1));
    }

    @Test
    void errorsCarryBothSeveritiesAndEndWithAZero() {
        ErrorFields fields = ErrorFields.fatal(SqlState.INVALID_PASSWORD, "m")
                .withDetail("d")
                .withHint("h")
                .withRoutine("r");
        String body = "SFATAL|VFATAL|C28P01|Mm|Dd|Hh|Rr||";
        assertBytes("E|||" + (char) (4 + body.length()) + body, fields::encode);
        assertBytes("N|||" + (char) (4 + body.length()) + body, buf -> BackendWriter.notice(buf, fields));
    }

    @Test
    void errorsWithoutTheMandatoryFieldsGetThem() {
        String body = "SERROR|VERROR|CXX000|M||";
        assertBytes("E|||" + (char) (4 + body.length()) + body, new ErrorFields(Map.of())::encode);
    }

    @Test
    void aZeroInAnErrorTextBecomesASpace() {
        ErrorFields fields = ErrorFields.error(SqlState.INTERNAL_ERROR, "a\0b");
        ByteBuf body = Messages.body(Messages.written(fields::encode));
        assertThat(ErrorFields.decode(body).message()).isEqualTo("a b");
    }

    @Test
    void whatCannotBeWrittenLeavesTheBufferAsItWas() {
        assertRefused(buf -> FrontendWriter.query(buf, "a\0b"));
        assertRefused(buf -> FrontendWriter.startup(buf, ProtocolVersion.V3_0, Map.of("user", "u\0")));
        assertRefused(buf -> FrontendWriter.bind(buf, "", "", new String[65_536]));
        assertRefused(buf -> FrontendWriter.parse(buf, "", "", new int[65_536]));
        assertRefused(buf -> BackendWriter.commandComplete(buf, "\0"));
        assertRefused(buf -> BackendWriter.copyInResponse(buf, 0, new short[65_536]));
    }

    private static void assertRefused(Consumer<ByteBuf> writer) {
        ByteBuf buf = Unpooled.buffer().writeByte(1);
        assertThatIllegalArgumentException().isThrownBy(() -> writer.accept(buf));
        assertThat(buf.readableBytes()).isEqualTo(1);
    }

    private static void assertBytes(String expected, Consumer<ByteBuf> writer) {
        assertThat(Messages.written(writer))
                .isEqualTo(expected.replace('|', '\0').getBytes(StandardCharsets.ISO_8859_1));
    }
}
