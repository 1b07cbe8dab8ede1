package io.pgweir.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.TestCertificates;
import io.pgweir.proxy.testkit.TestRole;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The jar with a heap of 64 MiB on a port that strangers attack in every {@link Attack} there is, while a client works and others log
 * in. {@code -Dpgweir.hostile.connections=5000} for a longer run.
 *
 * <p>Times are taken in windows, quiet ones and such of attack in turn, and the median of each kind counts: what else the machine
 * does meets both. All share the processors of one machine, so what is asserted is wider than what is seen. With
 * {@code -Dpgweir.hostile.control=true} what is the machine's shows: another process is attacked alike, in windows of its own, while
 * the client works on the first, which nobody attacks then. See docs/reliability.md.
 */
@Timeout(300)
@EnabledOnOs(OS.LINUX) // all of 127.0.0.0/8 is this machine
class HostilePortIT {
    private static final int CONNECTIONS = Integer.getInteger("pgweir.hostile.connections", 1200);
    private static final boolean CONTROL = Boolean.getBoolean("pgweir.hostile.control");
    private static final int WINDOWS = 4;
    private static final Duration QUIET = Duration.ofMillis(800);

    /** What the machine may add on top of twice the quiet time, while all of them share two processors. */
    private static final Duration SLACK = Duration.ofMillis(20);

    private static final RealPostgres POSTGRES = RealPostgres.get();
    private static final TestRole ROLE = TestRole.SCRAM;

    @TempDir
    private static Path directory;

    private final Random random = new Random();
    private PgweirProcess pgweir;
    private int port;
    private int httpPort;

    @Test
    void whoeverWorksGoesOnWorking() throws Exception {
        TestCertificates.Issued certificate = TestCertificates.in(directory).server();
        try (PgweirProcess process = start(certificate);
                PgweirProcess neighbour = CONTROL ? start(certificate) : null) {
            pgweir = process;
            port = process.port();
            httpPort = process.httpPort();
            long[] quiet = new long[WINDOWS];
            long[] attacked = new long[WINDOWS];
            long[] elsewhere = new long[neighbour == null ? 0 : WINDOWS];
            double[] heap = new double[WINDOWS];
            AtomicInteger logins = new AtomicInteger();
            try (WireClient client = login()) {
                work(client, Duration.ofMillis(1500), logins); // warm
                for (int window = 0; window < WINDOWS; window++) {
                    quiet[window] = work(client, QUIET, logins);
                    attacked[window] = workUnderAttack(port, client, logins);
                    heap[window] = metric("jvm_memory_used_bytes\\{area=\"heap\".*?}");
                    if (neighbour != null) {
                        elsewhere[window] = workUnderAttack(neighbour.port(), client, logins);
                    }
                }
            }
            await().atMost(Duration.ofSeconds(15)).until(() -> metric("pgweir_clients\\{state=\"logging_in\"}") == 0);
            try (WireClient after = login()) {
                assertThat(after.value("SELECT 1")).isEqualTo("1");
            }
            report(quiet, attacked, elsewhere, heap, logins.get());
            assertThat(process.isAlive()).isTrue();
            assertThat(process.output()).doesNotContain("OutOfMemory", " ERROR ", "Exception");
            assertThat(process.output().lines().count()).isLessThan(CONNECTIONS);
            assertThat(median(attacked)).isLessThan(2 * median(quiet) + SLACK.toNanos());
            assertThat(logins.get()).isGreaterThan(WINDOWS);
        }
    }

    private static PgweirProcess start(TestCertificates.Issued certificate) throws IOException {
        return PgweirProcess.start(
                "run",
                "--listen=127.0.0.1:0",
                "--http=127.0.0.1:0",
                "--client-login-timeout=3s",
                "--max-unauthenticated=200",
                "--max-unauthenticated-per-address=50",
                "--tls-cert=" + certificate.certificate(),
                "--tls-key=" + certificate.key(),
                "--database-url=postgresql://" + ROLE.user() + ":" + ROLE.password() + "@" + POSTGRES.host() + ":"
                        + POSTGRES.port() + "/postgres");
    }

    /** The 99th percentile of what statements take, and on the side somebody else logs in now and then. */
    private long work(WireClient client, Duration time, AtomicInteger logins) throws IOException {
        long end = System.nanoTime() + time.toNanos();
        return work(client, () -> System.nanoTime() - end < 0, logins);
    }

    private long workUnderAttack(int attacked, WireClient client, AtomicInteger logins) throws Exception {
        long seed = random.nextLong();
        try (Attackers attackers = Attackers.of(attacked, CONNECTIONS / WINDOWS, seed)) {
            attackers.begin();
            return work(client, () -> !attackers.areOver(), logins);
        } catch (Throwable e) {
            throw new AssertionError("with seed " + seed, e);
        }
    }

    private long work(WireClient client, BooleanSupplier going, AtomicInteger logins) throws IOException {
        List<Long> times = new ArrayList<>();
        while (going.getAsBoolean()) {
            long begun = System.nanoTime();
            assertThat(client.value("SELECT 1")).isEqualTo("1");
            times.add(System.nanoTime() - begun);
            if (times.size() % 500 == 0) {
                login().close();
                logins.incrementAndGet();
            }
        }
        times.sort(null);
        return times.get(times.size() * 99 / 100);
    }

    private WireClient login() throws IOException {
        return WireClient.login("127.0.0.1", port, "postgres", ROLE.user(), ROLE.password());
    }

    /** The sum of all series of /metrics whose name and labels match. */
    private double metric(String series) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + httpPort + "/metrics"))
                .build();
        String page = HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .body();
        Matcher values = Pattern.compile("(?m)^" + series + " (\\S+)").matcher(page);
        double sum = 0;
        while (values.find()) {
            sum += Double.parseDouble(values.group(1));
        }
        return sum;
    }

    private void report(long[] quiet, long[] attacked, long[] elsewhere, double[] heap, int logins) throws Exception {
        Map<String, Object> figures = new TreeMap<>();
        figures.put("p99 quiet ms", median(quiet) / 1e6);
        figures.put("p99 under attack ms", median(attacked) / 1e6);
        if (elsewhere.length > 0) {
            figures.put("p99 while another is attacked ms", median(elsewhere) / 1e6);
        }
        figures.put(
                "heap MiB",
                Arrays.stream(heap)
                        .mapToLong(bytes -> (long) bytes >> 20)
                        .boxed()
                        .toList());
        figures.put("resident MiB at most", pgweir.mostResidentMiB());
        figures.put("good logins", logins);
        figures.put("turned away", metric("pgweir_clients_refused_total\\{.*?}"));
        figures.put("buffers MiB", metric("pgweir_buffer_memory_bytes\\{.*?}") / (1 << 20));
        figures.put("log lines", pgweir.output().lines().count());
        System.out.println("hostile port, " + CONNECTIONS + " connections: " + figures);
    }

    private static long median(long[] values) {
        long[] sorted = values.clone();
        Arrays.sort(sorted);
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }
}
