package io.pgweir.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MessageRoundTripTest {
    static List<BackendMessage> backend() {
        return Messages.backend();
    }

    static List<FrontendMessage> frontend() {
        return Messages.frontend();
    }

    @ParameterizedTest
    @MethodSource("backend")
    void everyBackendMessageSurvivesEncodingAndDecoding(BackendMessage message) {
        byte[] bytes = Messages.encode(message);
        assertFramed(bytes);
        ByteBuf body = Messages.body(bytes);
        BackendMessage again = BackendMessage.decode(bytes[0], body);
        assertThat(again).usingRecursiveComparison().isEqualTo(message);
        assertThat(Messages.encode(again)).isEqualTo(bytes);
        assertThat(body.isReadable()).as("body left over").isFalse();
    }

    @ParameterizedTest
    @MethodSource("frontend")
    void everyFrontendMessageSurvivesEncodingAndDecoding(FrontendMessage message) {
        byte[] bytes = Messages.encode(message);
        assertFramed(bytes);
        ByteBuf body = Messages.body(bytes);
        FrontendMessage again = FrontendMessage.decode(bytes[0], body);
        assertThat(again).usingRecursiveComparison().isEqualTo(message);
        assertThat(Messages.encode(again)).isEqualTo(bytes);
        assertThat(body.isReadable()).as("body left over").isFalse();
    }

    @Test
    void theSamplesCoverEveryTypeOfBothDirections() {
        assertThat(types(backend().stream().map(Messages::encode).toList()))
                .isEqualTo(IntStream.range(0, 256)
                        .mapToObj(i -> (byte) i)
                        .filter(BackendType::isKnown)
                        .collect(Collectors.toSet()));
        assertThat(types(frontend().stream().map(Messages::encode).toList()))
                .isEqualTo(IntStream.range(0, 256)
                        .mapToObj(i -> (byte) i)
                        .filter(FrontendType::isKnown)
                        .collect(Collectors.toSet()));
    }

    @Test
    void saslInitialResponsesSurviveWithAndWithoutData() {
        for (byte[] data : new byte[][] {null, {}, {'n', ',', ','}}) {
            byte[] bytes = Messages.written(new SaslInitialResponse("SCRAM-SHA-256", data)::encode);
            assertFramed(bytes);
            assertThat(SaslInitialResponse.decode(Messages.body(bytes)))
                    .usingRecursiveComparison()
                    .isEqualTo(new SaslInitialResponse("SCRAM-SHA-256", data));
        }
    }

    @Test
    void convenientWritersWriteWhatTheGeneralOnesDo() {
        short[] none = {};
        assertThat(Messages.written(buf -> FrontendWriter.bind(buf, "p", "s", "ü", null)))
                .isEqualTo(Messages.written(buf -> FrontendWriter.bind(
                        buf, "p", "s", none, Messages.values(new byte[] {(byte) 0xc3, (byte) 0xbc}, null), none)));
        assertThat(Messages.written(buf -> BackendWriter.dataRow(buf, "ü", null)))
                .isEqualTo(Messages.written(buf ->
                        BackendWriter.dataRow(buf, Messages.values(new byte[] {(byte) 0xc3, (byte) 0xbc}, null))));
        ByteBuf data = Unpooled.wrappedBuffer(new byte[] {9, 1, 2, 9}).slice(1, 2);
        byte[] copied = {'d', 0, 0, 0, 6, 1, 2};
        assertThat(Messages.written(buf -> FrontendWriter.copyData(buf, data))).isEqualTo(copied);
        assertThat(Messages.written(buf -> BackendWriter.copyData(buf, data))).isEqualTo(copied);
        assertThat(data.readableBytes()).isEqualTo(2);
        assertThat(Messages.written(buf -> FrontendWriter.password(buf, "pw")))
                .isEqualTo(new byte[] {'p', 0, 0, 0, 7, 'p', 'w', 0});
    }

    private static Set<Byte> types(List<byte[]> messages) {
        return messages.stream().map(bytes -> bytes[0]).collect(Collectors.toSet());
    }

    private static void assertFramed(byte[] message) {
        assertThat(Unpooled.wrappedBuffer(message).getInt(1)).isEqualTo(message.length - 1);
    }
}
