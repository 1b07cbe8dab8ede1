package io.pgweir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Strangers who make every {@link Attack} there is, in turn, in a process of their own. It runs when the processors have nothing else
 * to do: who attacks over a network takes no time from whom he attacks, but what the attack itself costs there.
 */
final class Attackers implements AutoCloseable {
    private static final int AT_A_TIME = 48;
    private static final String READY = "ready";
    private static final String OVER = "over";

    private final Process process;
    private final BufferedReader says;
    private volatile boolean over;

    private Attackers(Process process) throws IOException {
        this.process = process;
        this.says = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        assertThat(says.readLine()).isEqualTo(READY);
    }

    /** Prepares so many connections to a port of this machine. */
    static Attackers of(int port, int connections, long seed) throws IOException {
        return new Attackers(new ProcessBuilder(
                        "chrt",
                        "--idle",
                        "0",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        Attackers.class.getName(),
                        String.valueOf(port),
                        String.valueOf(connections),
                        String.valueOf(seed))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    }

    /** From now on, until {@link #areOver}: it says so, or has ended. */
    void begin() throws IOException {
        try (Writer out = process.outputWriter()) {
            out.write('\n');
        }
        Thread reader = new Thread(
                () -> {
                    try {
                        says.readLine();
                    } catch (IOException closed) {
                        // it has ended, how is asked of it
                    }
                    over = true;
                },
                "attackers");
        reader.setDaemon(true);
        reader.start();
    }

    boolean areOver() {
        return over;
    }

    /** Fails if one of them has logged in, or was surprised otherwise. */
    @Override
    public void close() {
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            process.destroyForcibly();
        }
    }

    /** The process. @param args port, connections, seed */
    public static void main(String[] args) throws Exception {
        int port = Integer.parseInt(args[0]);
        Random random = new Random(Long.parseLong(args[2]));
        AtomicReference<Throwable> failure = new AtomicReference<>();
        ExecutorService attackers = Executors.newFixedThreadPool(AT_A_TIME);
        List<Runnable> attempts = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(args[1]); i++) {
            Attack kind = Attack.values()[i % Attack.values().length];
            Random own = new Random(random.nextLong());
            attempts.add(() -> {
                try {
                    kind.on(port, own);
                } catch (Throwable e) {
                    failure.set(e);
                }
            });
        }
        System.out.println(READY);
        if (System.in.read() < 0) {
            return; // nobody is there any more
        }
        attempts.forEach(attackers::execute);
        attackers.shutdown();
        boolean done = attackers.awaitTermination(120, TimeUnit.SECONDS);
        System.out.println(OVER);
        if (failure.get() != null) {
            failure.get().printStackTrace();
        }
        System.exit(done && failure.get() == null ? 0 : 1);
    }
}
