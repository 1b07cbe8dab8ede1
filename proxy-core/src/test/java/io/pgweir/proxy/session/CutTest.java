package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.FaultProxy;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** However the network cuts what client and server send, the replies are the same. */
class CutTest {
    /** Between two pieces, so that the proxy reads them one by one; if it does not, a cut is only missed. */
    private static final long GAP_NANOS = 60_000;

    /** Programs up to this length are replayed with every cut that {@link #cuts} names. */
    private static final int SHORT = 150;

    /** So near to a message's ends every cut is made, and between them every fifth. */
    private static final int EDGE = 7;

    /** Programs up to this length are replayed byte by byte. */
    private static final int LONG = 3000;

    private static ProgramDatabase database;
    private static RunningProxy proxy;
    private static FaultProxy slicer;
    private static RunningProxy sliced;

    @BeforeAll
    static void open() throws IOException, SQLException {
        RealPostgres postgres = RealPostgres.get();
        database = ProgramDatabase.create(postgres);
        proxy = RunningProxy.before(postgres, "connection_limit", "2");
        slicer = FaultProxy.to(postgres.host(), postgres.port(), 2026);
        sliced = RunningProxy.before(slicer, "connection_limit", "2");
    }

    @AfterAll
    static void close() throws Exception {
        for (RunningProxy each : List.of(proxy, sliced)) {
            each.awaitQuiet();
            each.close();
        }
        slicer.close();
        database.close();
    }

    static Stream<WireProgram> shortPrograms() {
        return upTo(SHORT);
    }

    static Stream<WireProgram> programs() {
        return upTo(LONG);
    }

    /** Slices of 1 byte, and at random up to 7 or 400. */
    static Stream<Arguments> slices() {
        return Stream.of(1, 7, 400)
                .flatMap(size -> programs()
                        .filter(program -> size > 1 || !program.isAnsweredAtLength())
                        .map(program -> Arguments.of(size, program)));
    }

    private static Stream<WireProgram> upTo(int length) {
        return ProgramDatabase.programs().stream().filter(program -> program.length() <= length);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("shortPrograms")
    void aClientsBytesMayBeCutAnywhere(WireProgram program) throws IOException {
        List<String> expected = database.transcript(program);
        for (int cut : cuts(program)) {
            database.reset();
            try (WireClient client = login(proxy)) {
                int[] sent = {0};
                WireProgram.Sender sender = (to, bytes) -> {
                    int here = cut - sent[0];
                    sent[0] += bytes.length;
                    if (here > 0 && here < bytes.length) {
                        to.send(Arrays.copyOf(bytes, here));
                        LockSupport.parkNanos(GAP_NANOS);
                        to.send(Arrays.copyOfRange(bytes, here, bytes.length));
                    } else {
                        to.send(bytes);
                    }
                };
                assertThat(program.run(client, sender)).as("cut at %d", cut).isEqualTo(expected);
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("programs")
    void aClientsBytesMayComeOneByOne(WireProgram program) throws IOException {
        List<String> expected = database.transcript(program);
        database.reset();
        try (WireClient client = login(proxy)) {
            assertThat(program.run(client, CutTest::byteByByte)).isEqualTo(expected);
        }
    }

    @ParameterizedTest(name = "slices up to {0}: {1}")
    @MethodSource("slices")
    void theServersBytesMayComeInSlices(int size, WireProgram program) throws IOException {
        List<String> expected = database.transcript(program);
        database.reset();
        slicer.toClient().slice(size);
        slicer.toServer().slice(size);
        try (WireClient client = login(sliced)) {
            assertThat(program.run(client, WireProgram.Sender.AT_ONCE)).isEqualTo(expected);
        }
    }

    /**
     * Where to cut: everywhere in and around the messages' headers and last bytes. Inside of a body one place is like
     * another, so that a fifth of them will do.
     */
    private static List<Integer> cuts(WireProgram program) {
        List<Integer> cuts = new ArrayList<>();
        int begin = 0;
        for (WireProgram.Step step : program.steps()) {
            ByteBuffer bytes = ByteBuffer.wrap(step.bytes());
            for (int at = 0; at < bytes.limit(); ) {
                int length = Math.min(1 + bytes.getInt(at + 1), bytes.limit() - at);
                for (int i = 0; i < length; i++) {
                    if (begin + at + i > 0 && (i <= EDGE || i >= length - EDGE || i % 5 == 0)) {
                        cuts.add(begin + at + i);
                    }
                }
                at += length;
            }
            begin += bytes.limit();
        }
        return cuts;
    }

    private static void byteByByte(WireClient client, byte[] bytes) throws IOException {
        for (byte each : bytes) {
            client.send(new byte[] {each});
            LockSupport.parkNanos(GAP_NANOS);
        }
    }

    private static WireClient login(RunningProxy through) throws IOException {
        return WireClient.login(through.host(), through.port(), database.name(), "postgres", null);
    }
}
