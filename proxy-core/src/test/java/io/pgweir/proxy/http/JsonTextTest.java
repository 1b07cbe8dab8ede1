package io.pgweir.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class JsonTextTest {
    @Test
    void anyStringComesBackAsItWas() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 2_000; round++) {
            StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(12); length > 0; length--) {
                switch (random.nextInt(4)) {
                    case 0 -> text.append((char) random.nextInt(0x80));
                    case 1 -> text.append("\"\\/\b\u2028\u0000\u007f".charAt(random.nextInt(7)));
                    case 2 -> text.appendCodePoint(0x10000 + random.nextInt(0x100000));
                    default -> text.append((char) random.nextInt(0xd800));
                }
            }
            String json = new JsonText()
                    .open('{')
                    .name(text.toString())
                    .value(text.toString())
                    .close('}')
                    .toString();
            assertThat(Json.object(json).get(text.toString()))
                    .as("seed %d", seed)
                    .isEqualTo(text.toString());
        }
    }

    @Test
    void valuesAreSeparatedAtEveryDepth() {
        String json = new JsonText()
                .open('{')
                .name("a")
                .open('[')
                .value(1)
                .open('{')
                .close('}')
                .value(true)
                .open('[')
                .close(']')
                .close(']')
                .name("b")
                .value(0.25)
                .name("c")
                .value((String) null)
                .close('}')
                .toString();
        assertThat(json).isEqualTo("{\"a\":[1,{},true,[]],\"b\":0.250,\"c\":null}");
    }
}
