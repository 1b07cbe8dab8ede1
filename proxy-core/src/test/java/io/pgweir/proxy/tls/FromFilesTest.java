package io.pgweir.proxy.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FromFilesTest {
    @Test
    void aFileOfMoreThanAMebibyteIsTheWrongOne(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("x.pem");
        FromFiles<byte[]> files = new FromFiles<>(
                "TLS", Map.of("sslcert", file), read -> read.get("sslcert").bytes());
        Files.write(file, new byte[1 << 20]);
        files.refresh();
        assertThat(files.<Integer>use(bytes -> bytes.length)).isEqualTo(1 << 20);
        Files.write(file, new byte[(1 << 20) + 1]);
        FromFiles<byte[]> others = new FromFiles<>(
                "TLS", Map.of("sslcert", file), read -> read.get("sslcert").bytes());
        assertThatThrownBy(others::refresh).hasMessageContaining("has more than 1 MiB");
    }

    /** Whoever still needs what another configuration has no use for gets it anew. */
    @Test
    void whatWasClosedIsMadeOnceMoreForWhoComesLate(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("x.pem"), "x");
        FromFiles<byte[]> files = new FromFiles<>(
                "TLS", Map.of("sslcert", file), read -> read.get("sslcert").bytes());
        files.refresh();
        files.close();
        assertThatThrownBy(() -> files.use(bytes -> bytes)).isInstanceOf(IllegalStateException.class);
        files.refresh();
        assertThat(files.<Integer>use(bytes -> bytes.length)).isEqualTo(1);
    }
}
