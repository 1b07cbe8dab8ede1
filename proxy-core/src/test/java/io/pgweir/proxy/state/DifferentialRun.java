package io.pgweir.proxy.state;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Random programs through a proxy, many at a time, and each of them directly on PostgreSQL, where it has a connection and
 * tables of its own. The two have databases of their own with the same contents. The settings are those with which
 * docs/session-state.md promises that nothing is lost.
 */
final class DifferentialRun implements AutoCloseable {
    /** Programs that are under way at the same time; four for each backend. */
    static final int CLIENTS = 12;

    private static final int BACKENDS = 3;

    /** So many failing programs tell enough. */
    private static final int ENOUGH = 4;

    /**
     * A program that came out differently.
     *
     * @param direct what PostgreSQL said
     * @param proxied what came through the proxy
     */
    record Difference(Program program, List<String> direct, List<String> proxied) {
        /** The first line that differs. */
        String first() {
            int at = Arrays.mismatch(direct.toArray(), proxied.toArray());
            String step = at == 0 ? "login" : at <= program.exchanges().size() ? "exchange " + at : "end";
            return "%s:%n  PostgreSQL  %s%n  through it  %s"
                    .formatted(
                            step,
                            at < direct.size() ? direct.get(at) : "(nothing)",
                            at < proxied.size() ? proxied.get(at) : "(nothing)");
        }
    }

    private final RealPostgres postgres;
    private final String directDatabase;
    private final String proxiedDatabase;
    private final RunningProxy proxy;
    private final long seed;
    private final AtomicLong exchanges = new AtomicLong();

    DifferentialRun(RealPostgres postgres, boolean shuffle, long seed) throws SQLException {
        this.postgres = postgres;
        this.seed = seed;
        this.directDatabase = prepared(postgres);
        this.proxiedDatabase = prepared(postgres);
        this.proxy = RunningProxy.before(
                postgres,
                "connection_limit",
                String.valueOf(BACKENDS),
                "shuffle",
                String.valueOf(shuffle),
                "prepared_statement_limit",
                "20",
                "max_pinned",
                String.valueOf(BACKENDS),
                "state_check_sample",
                "100",
                "sequence_state",
                "keep");
        logInOnce();
    }

    /**
     * While every backend is busy, a login with settings that no login has had before is told what pgweir assumes, and
     * the truth later. That is a known limit; so the first logins are here.
     */
    private void logInOnce() {
        for (Map<String, String> startup : ProgramGenerator.startups()) {
            new Program(0, seed, startup, List.of(), true)
                    .run(proxy.host(), proxy.port(), proxiedDatabase, "postgres", null);
        }
    }

    private static String prepared(RealPostgres postgres) throws SQLException {
        String database = postgres.createDatabase();
        try (Connection superuser = postgres.connect(database);
                Statement statement = superuser.createStatement()) {
            StateDatabase.prepare(superuser);
            for (int client = 0; client < CLIENTS; client++) {
                statement.execute("""
                        CREATE TABLE c%1$d_t (id int PRIMARY KEY, v text);
                        CREATE TABLE c%1$d_serial (id serial, v text);
                        CREATE SEQUENCE c%1$d_seq;
                        GRANT ALL ON c%1$d_t, c%1$d_serial, c%1$d_serial_id_seq, c%1$d_seq TO PUBLIC""".formatted(client));
            }
        }
        return database;
    }

    /** How many exchanges were compared. */
    long exchanges() {
        return exchanges.get();
    }

    /** Runs so many programs, until {@link #ENOUGH} have differed. */
    List<Difference> run(int programs) throws InterruptedException {
        Queue<Difference> found = new ConcurrentLinkedQueue<>();
        together(client -> {
            for (int number = client; number < programs && found.size() < ENOUGH; number += CLIENTS) {
                Difference difference = compare(ProgramGenerator.program(number, client, seed));
                if (difference != null) {
                    found.add(difference);
                }
            }
        });
        return List.copyOf(found);
    }

    private interface Work {
        void of(int client) throws IOException;
    }

    private static void together(Work work) throws InterruptedException {
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        try {
            List<Callable<Void>> all = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                int client = i;
                all.add(() -> {
                    work.of(client);
                    return null;
                });
            }
            for (Future<Void> done : threads.invokeAll(all)) {
                done.get();
            }
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
        } finally {
            threads.shutdownNow();
        }
    }

    /** Null if both transcripts are equal. */
    private @Nullable Difference compare(Program program) throws IOException {
        int client = program.number() % CLIENTS;
        clear(client, directDatabase);
        List<String> direct = program.run(
                postgres.host(), postgres.port(), directDatabase, postgres.superuser(), postgres.superuserPassword());
        clear(client, proxiedDatabase);
        List<String> proxied = program.run(proxy.host(), proxy.port(), proxiedDatabase, "postgres", null);
        exchanges.addAndGet(direct.size());
        return direct.equals(proxied) ? null : new Difference(program, direct, proxied);
    }

    /** What every program finds at its start; waits for what an earlier one may have left open. */
    private void clear(int client, String database) throws IOException {
        try (WireClient admin = WireClient.login(
                postgres.host(), postgres.port(), database, postgres.superuser(), postgres.superuserPassword())) {
            String done = admin.query("DELETE FROM c%1$d_t; DELETE FROM c%1$d_serial;".formatted(client)
                    + " SELECT setval('c%1$d_seq', 1, false), setval('c%1$d_serial_id_seq', 1, false)"
                            .formatted(client));
            if (!done.endsWith("Z[I]") || done.contains("E[")) {
                throw new IllegalStateException(done);
            }
        }
    }

    /**
     * Takes exchanges out of a program as long as it still differs while other clients do what they did before. The program
     * as it was if it does not differ again.
     */
    Difference minimise(Difference original, long nanos) throws InterruptedException {
        long end = System.nanoTime() + nanos;
        int own = original.program().number() % CLIENTS;
        AtomicReference<Difference> smallest = new AtomicReference<>(original);
        AtomicInteger running = new AtomicInteger(1);
        together(client -> {
            if (client == own) {
                try {
                    smallest.set(Minimiser.minimise(original, program -> differs(program, end)));
                } finally {
                    running.set(0);
                }
            }
            for (int number = client; running.get() > 0; number += CLIENTS) {
                compare(ProgramGenerator.program(number, client, seed));
            }
        });
        return smallest.get();
    }

    private @Nullable Difference differs(Program program, long end) throws IOException {
        for (int attempt = 0; attempt < 3 && System.nanoTime() < end; attempt++) {
            Difference difference = compare(program);
            if (difference != null) {
                return difference;
            }
        }
        return null;
    }

    @Override
    public void close() throws SQLException {
        proxy.awaitQuiet();
        proxy.close();
        postgres.dropDatabase(directDatabase);
        postgres.dropDatabase(proxiedDatabase);
    }
}
