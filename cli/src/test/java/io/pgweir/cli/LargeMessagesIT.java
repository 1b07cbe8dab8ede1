package io.pgweir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Far more than a heap of 64 MiB passes through, while others are served. */
@Timeout(240)
@DisabledOnOs(OS.WINDOWS)
class LargeMessagesIT {
    private static final int BYTES = 256 << 20;
    private static final int LINE = 1024;
    private static final RealPostgres POSTGRES = RealPostgres.get();
    private static String database = "";

    @BeforeAll
    static void create() throws Exception {
        database = POSTGRES.createDatabase();
    }

    @AfterAll
    static void drop() throws Exception {
        POSTGRES.dropDatabase(database);
    }

    @Test
    void aRowOf256MiB() throws Exception {
        try (PgweirProcess pgweir = PgweirProcess.before(POSTGRES, "--statement-timeout=0");
                Bystander bystander = new Bystander(pgweir);
                WireClient client = pgweir.login(database)) {
            client.send(Frontend.query("select repeat('abcdefgh', " + BYTES / 8 + ")"));
            DataInputStream in = stream(client);
            assertThat(skipTo(in, 'D')).isEqualTo(4 + 2 + 4 + BYTES);
            assertThat(in.readShort()).isEqualTo((short) 1);
            assertThat(in.readInt()).isEqualTo(BYTES);
            byte[] piece = new byte[1 << 16];
            for (int at = 0; at < BYTES; at += piece.length) {
                in.readFully(piece);
                assertThat(new String(piece, StandardCharsets.US_ASCII)).isEqualTo("abcdefgh".repeat(piece.length / 8));
            }
            assertThat(skipTo(in, 'Z')).isEqualTo(5);
            report("row", pgweir, bystander);
        }
    }

    @Test
    void aCopyOf256MiBInAndOut() throws Exception {
        try (PgweirProcess pgweir = PgweirProcess.before(POSTGRES, "--statement-timeout=0", "--transaction-timeout=0");
                Bystander bystander = new Bystander(pgweir);
                WireClient client = pgweir.login(database)) {
            client.query("create unlogged table big(line text)");
            client.send(Frontend.query("copy big from stdin"));
            client.readUntil('G');
            byte[] data = Frontend.copyData(("x".repeat(LINE - 1) + "\n").repeat(64));
            int messages = BYTES / LINE / 64;
            for (int i = 0; i < messages; i++) {
                client.send(data);
            }
            client.send(Frontend.copyDone());
            assertThat(ServerMessage.transcript(client.readUntilReady()))
                    .isEqualTo("C[COPY " + BYTES / LINE + "] Z[I]");
            assertThat(client.value("select sum(length(line) + 1) from big")).isEqualTo(String.valueOf(BYTES));
            client.send(Frontend.query("copy big to stdout"));
            DataInputStream in = stream(client);
            long received = 0;
            long rows = 0;
            byte[] line = new byte[LINE];
            String expected = "x".repeat(LINE - 1) + "\n";
            while (true) {
                char type = (char) in.readByte();
                int length = in.readInt() - 4;
                if (type == 'd') {
                    in.readFully(line, 0, length);
                    assertThat(length).isEqualTo(LINE);
                    if (rows % 1000 == 0) {
                        assertThat(new String(line, StandardCharsets.US_ASCII)).isEqualTo(expected);
                    }
                    received += length;
                    rows++;
                } else {
                    in.skipNBytes(length);
                    assertThat(type).isIn('H', 'c', 'C', 'Z');
                    if (type == 'Z') {
                        break;
                    }
                }
            }
            assertThat(received).isEqualTo(BYTES);
            report("copy", pgweir, bystander);
            client.query("drop table big");
        }
    }

    private static DataInputStream stream(WireClient client) throws IOException {
        client.socket().setSoTimeout(60_000);
        return new DataInputStream(new BufferedInputStream(client.socket().getInputStream(), 1 << 16));
    }

    /** Reads up to the body of the next message of a type; returns the length word. */
    private static int skipTo(DataInputStream in, char type) throws IOException {
        while (true) {
            char found = (char) in.readByte();
            int length = in.readInt();
            if (found == type) {
                return length;
            }
            assertThat(found).isNotEqualTo('E');
            in.skipNBytes(length - 4);
        }
    }

    private static void report(String what, PgweirProcess pgweir, Bystander bystander) throws IOException {
        System.out.printf(
                "%s of %d MiB with -Xmx64m: %d MiB resident at most, %d queries of a bystander, the longest took %d ms%n",
                what, BYTES >> 20, pgweir.mostResidentMiB(), bystander.answers(), bystander.longestMillis());
        assertThat(bystander.answers()).isGreaterThan(20);
        assertThat(pgweir.output()).doesNotContain("OutOfMemory").doesNotContain("ERROR");
    }

    /** Another client, which goes on working. */
    private static final class Bystander implements AutoCloseable {
        private final WireClient client;
        private final Thread thread;
        private final AtomicInteger answers = new AtomicInteger();
        private final AtomicReference<Throwable> failure = new AtomicReference<>();
        private volatile long longest;
        private volatile boolean stopped;

        Bystander(PgweirProcess pgweir) throws IOException {
            client = pgweir.login(database);
            thread = new Thread(this::work, "bystander");
            thread.start();
        }

        private void work() {
            try {
                while (!stopped) {
                    String nonce = "n" + answers.get();
                    long begin = System.nanoTime();
                    assertThat(client.value("select '" + nonce + "'")).isEqualTo(nonce);
                    longest = Math.max(longest, System.nanoTime() - begin);
                    answers.incrementAndGet();
                }
            } catch (IOException | AssertionError e) {
                failure.set(e);
            }
        }

        int answers() {
            assertThat(failure.get()).isNull();
            return answers.get();
        }

        long longestMillis() {
            return longest / 1_000_000;
        }

        @Override
        public void close() throws IOException {
            stopped = true;
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            client.close();
        }
    }
}
