package io.pgweir.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MalformedMessageTest {
    private record Decoder(String name, Consumer<ByteBuf> decode, List<byte[]> samples) {}

    private static List<Decoder> decoders() {
        List<Decoder> decoders = new ArrayList<>();
        for (int i = 0; i < 256; i++) {
            byte type = (byte) i;
            decoders.add(new Decoder(
                    "backend " + BackendType.nameOf(type),
                    body -> BackendMessage.decode(type, body),
                    bodies(Messages.backend().stream().map(Messages::encode).toList(), type)));
            decoders.add(new Decoder(
                    "frontend " + FrontendType.nameOf(type),
                    body -> FrontendMessage.decode(type, body),
                    bodies(Messages.frontend().stream().map(Messages::encode).toList(), type)));
        }
        decoders.add(new Decoder("error fields", ErrorFields::decode, List.of(new byte[] {'S', 'x', 0, 'M'})));
        decoders.add(new Decoder(
                "SASL initial response", SaslInitialResponse::decode, List.of(new byte[] {'a', 0, 0, 0, 0, 2, 'x', 'y'
                })));
        decoders.add(new Decoder(
                "startup",
                StartupPacket::decode,
                Messages.startup().stream()
                        .map(each -> Messages.written(each.writer()))
                        .map(bytes -> Arrays.copyOfRange(bytes, 4, bytes.length))
                        .toList()));
        return decoders;
    }

    private static List<byte[]> bodies(List<byte[]> messages, byte type) {
        return messages.stream()
                .filter(bytes -> bytes[0] == type && bytes.length < 2_000)
                .map(bytes -> Arrays.copyOfRange(bytes, 5, bytes.length))
                .toList();
    }

    @Test
    void everyTruncationDecodesOrIsAViolation() {
        for (Decoder decoder : decoders()) {
            for (byte[] sample : decoder.samples) {
                for (int length = 0; length <= sample.length; length++) {
                    attempt(decoder, Arrays.copyOf(sample, length), 0);
                }
            }
        }
    }

    @Test
    void everyMutationDecodesOrIsAViolation() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (Decoder decoder : decoders()) {
            for (byte[] sample : decoder.samples) {
                for (int round = 0; round < 500; round++) {
                    byte[] mutant = Arrays.copyOf(sample, Math.max(0, sample.length + random.nextInt(5) - 2));
                    for (int i = random.nextInt(4); i >= 0 && mutant.length > 0; i--) {
                        byte[] favourites = {0, 1, -1, 127, -128, (byte) random.nextInt()};
                        mutant[random.nextInt(mutant.length)] = favourites[random.nextInt(favourites.length)];
                    }
                    attempt(decoder, mutant, seed);
                }
            }
        }
    }

    @Test
    void randomBytesDecodeOrAreAViolation() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (Decoder decoder : decoders()) {
            for (int round = 0; round < 50; round++) {
                byte[] body = new byte[random.nextInt(40)];
                random.nextBytes(body);
                attempt(decoder, body, seed);
            }
        }
    }

    private static void attempt(Decoder decoder, byte[] body, long seed) {
        ByteBuf slice = Messages.between(body);
        try {
            decoder.decode.accept(slice);
            assertThat(slice.isReadable()).as("bytes left by %s", decoder.name).isFalse();
        } catch (ProtocolViolation violation) {
            assertThat(violation.getMessage()).isNotBlank();
            assertThat(violation.getStackTrace()).isEmpty();
        } catch (RuntimeException e) {
            fail("%s of %s (seed %d)".formatted(decoder.name, ByteBufUtil.hexDump(body), seed), e);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-2, Integer.MIN_VALUE, Integer.MAX_VALUE, 1})
    void anInnerLengthBeyondTheMessageIsAViolation(int length) {
        ByteBuf body = Messages.between(new byte[] {'m', 0, 0, 0, 0, 0});
        body.setInt(2, length);
        assertThatThrownBy(() -> SaslInitialResponse.decode(body))
                .isInstanceOf(ProtocolViolation.class)
                .hasMessage("insufficient data left in message");
    }

    @Test
    void aCountBeyondTheMessageReservesNothing() {
        ByteBuf body = Messages.between(new byte[] {0, 3, 0, 2, 127, -1, -1, -1});
        assertThatThrownBy(() -> NegotiateProtocolVersion.decode(body)).isInstanceOf(ProtocolViolation.class);
    }

    @Test
    void trailingBytesAndUnknownSubtypesAreViolations() {
        assertViolation(
                "invalid message format",
                () -> FrontendMessage.decode(FrontendType.SYNC, Messages.between(new byte[] {0})));
        assertViolation(
                "invalid DESCRIBE message subtype 88",
                () -> FrontendMessage.decode(FrontendType.DESCRIBE, Messages.between(new byte[] {'X', 0})));
        assertViolation(
                "invalid string in message",
                () -> FrontendMessage.decode(FrontendType.QUERY, Messages.between(new byte[] {'X'})));
        assertViolation(
                "invalid frontend message type 1",
                () -> FrontendMessage.decode((byte) 1, Messages.between(new byte[0])));
        assertViolation(
                "invalid backend message type 255",
                () -> BackendMessage.decode((byte) 255, Messages.between(new byte[0])));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 257})
    void cancelKeysOfForbiddenLengthsAreViolations(int length) {
        assertViolation(
                "invalid length of cancel key: " + length,
                () -> BackendKeyData.decode(Messages.between(new byte[4 + length])));
    }

    private static void assertViolation(String message, Runnable decode) {
        assertThatThrownBy(decode::run)
                .isInstanceOfSatisfying(
                        ProtocolViolation.class,
                        violation -> assertThat(violation.state()).isEqualTo(SqlState.PROTOCOL_VIOLATION))
                .hasMessage(message);
    }
}
