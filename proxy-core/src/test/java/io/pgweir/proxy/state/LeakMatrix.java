package io.pgweir.proxy.state;

import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * Makes a piece of state through the proxy and looks who sees it: its owner and another client, on the same backend, on
 * another one, after DISCARD ALL and after the owner has gone. What they must see is what PostgreSQL shows to the owner, and
 * to somebody who has just logged in.
 *
 * <p>One proxy has a single backend, so that the next client works on the same one, or waits while the owner keeps it. The
 * other has two and the shuffle switch, so that nobody works on the same one twice in a row.
 */
final class LeakMatrix implements AutoCloseable {
    private static final Duration POOL_TIMEOUT = Duration.ofSeconds(10);

    private final RealPostgres postgres;
    private final String database;
    private final Proxies usual;
    private final Proxies checking;
    private final Connection admin;
    private int looks;

    /**
     * @param one with one backend
     * @param two with two, and the shuffle switch
     */
    private record Proxies(RunningProxy one, RunningProxy two) {
        static Proxies before(RealPostgres postgres, String checkedPercentage) {
            return new Proxies(
                    before(postgres, "1", "false", checkedPercentage),
                    before(postgres, "2", "true", checkedPercentage));
        }

        private static RunningProxy before(RealPostgres postgres, String limit, String shuffle, String percentage) {
            return RunningProxy.before(
                    postgres,
                    "connection_limit",
                    limit,
                    "shuffle",
                    shuffle,
                    "pool_timeout",
                    POOL_TIMEOUT.toSeconds() + "s",
                    "event_loops",
                    "1",
                    "state_check_sample",
                    percentage);
        }
    }

    LeakMatrix(RealPostgres postgres) throws SQLException {
        this.postgres = postgres;
        this.database = postgres.createDatabase();
        this.admin = postgres.connect(database);
        StateDatabase.prepare(admin);
        this.usual = Proxies.before(postgres, "0");
        this.checking = Proxies.before(postgres, "100");
    }

    /** How many times somebody has looked so far. */
    int looks() {
        return looks;
    }

    /** What differs from what is right or, for an exception, from what is known; empty if nothing does. */
    List<String> differences(StateKind kind) throws Exception {
        List<String> differences = new ArrayList<>();
        String stranger;
        try (WireClient direct = direct()) {
            stranger = Look.by(direct, kind).answer();
        }
        for (Way way : kind.ways()) {
            reset();
            Model model;
            try (WireClient direct = direct()) {
                model = Model.of(direct, kind, way);
            }
            int before = differences.size();
            new Cells(kind, way, model, stranger, differences).check();
            if (differences.size() > before) {
                replaceBackends(); // what was leaked must not show up again in other cells
            }
        }
        await("what its owners have left on the server")
                .atMost(Duration.ofSeconds(10))
                .until(this::nothingIsLeft);
        return differences;
    }

    /** A row of the matrix in one of its ways. */
    private final class Cells {
        private final StateKind kind;
        private final Way way;
        private final Model model;
        private final String stranger;
        private final List<String> differences;
        private final RunningProxy one;
        private final RunningProxy two;
        private final boolean kept;
        private final Handling expected;

        Cells(StateKind kind, Way way, Model model, String stranger, List<String> differences) {
            this.kind = kind;
            this.way = way;
            this.model = model;
            this.stranger = stranger;
            this.differences = differences;
            this.one = (way.isChecked() ? checking : usual).one();
            this.two = (way.isChecked() ? checking : usual).two();
            this.kept = !model.owner().equals(stranger);
            Handling known = kind.exceptions().get(way);
            this.expected = kept || known != null ? kind.handling(way) : Handling.NOTHING_LEFT;
        }

        void check() throws IOException, SQLException {
            try {
                if (expected == Handling.EXPOSED) {
                    exposed();
                    return;
                }
                onTheSameBackend();
                onAnotherBackend();
            } catch (IOException e) {
                note("its connection", "answers", e.toString());
            }
        }

        /** Another client finds it; if not, the exception is none any more. */
        private void exposed() throws IOException, SQLException {
            reset();
            try (WireClient owner = login(one);
                    WireClient other = login(one)) {
                if (make(owner)) {
                    String found = ask(other).answer();
                    if (found.equals(stranger)) {
                        note("same backend, next client", "something of it", found);
                    }
                }
            }
            replaceBackends();
        }

        private void onTheSameBackend() throws IOException, SQLException {
            reset();
            try (WireClient owner = login(one);
                    WireClient other = login(one)) {
                if (!make(owner)) {
                    return;
                }
                boolean pinned = together(owner, other, "same backend", model.owner(), expected);
                same(
                        "DISCARD ALL",
                        model.discarding(),
                        Transcript.of(Exchange.query("DISCARD ALL").run(owner)));
                if (pinned) {
                    same(
                            "the next client after DISCARD ALL",
                            stranger,
                            look(other).answer());
                }
                boolean outlives = !model.discarded().equals(stranger);
                together(
                        owner,
                        other,
                        "after DISCARD ALL",
                        model.discarded(),
                        outlives ? kind.afterDiscardAll() : Handling.NOTHING_LEFT);
            }
            reset();
            try (WireClient other = login(one)) {
                WireClient owner = login(one);
                Model.make(owner, kind, way);
                owner.send(Frontend.terminate());
                owner.close();
                same(
                        "the next client after its owner's end",
                        stranger,
                        ask(other).answer());
            }
        }

        /** The owner and another client look, the other first; true if that one has had to wait and still does. */
        private boolean together(
                WireClient owner, WireClient other, String where, String ownersModel, Handling handling)
                throws IOException {
            kind.probe().send(other);
            boolean pinned = waits(other, owner, handling);
            Look first = ask(owner);
            boolean keptByOwner = first.answer().equals(ownersModel);
            if (!pinned) {
                Look foreign = look(other);
                same(where + ", next client", stranger, foreign.answer());
                Look again = ask(owner);
                keptByOwner &= again.answer().equals(ownersModel);
            }
            boolean toKeep = !ownersModel.equals(stranger);
            Handling seen = toKeep
                    ? keptByOwner ? pinned ? Handling.PINNED : Handling.REPLAYED : Handling.LOST
                    : pinned ? Handling.PINNED_FOR_NOTHING : Handling.NOTHING_LEFT;
            if (!toKeep && !keptByOwner) {
                note(where + ", owner", ownersModel, first.answer());
            }
            if (seen != handling) {
                note(where, handling + " " + ownersModel, seen + " " + first.answer());
            }
            return pinned;
        }

        /**
         * Whether the other client waits for as long as the owner keeps its backend. The owner may use it for a moment
         * longer than it must, so one that is to become free is waited for.
         */
        private boolean waits(WireClient other, WireClient owner, Handling handling) throws IOException {
            boolean toBePinned = isPinned(handling);
            long end = System.nanoTime() + POOL_TIMEOUT.toNanos() / 2;
            while (!hasAnswer(other) && !(toBePinned && isWaiting()) && System.nanoTime() < end) {
                LockSupport.parkNanos(500_000);
            }
            for (int i = 0; i < 3 && isWaiting(); i++) {
                ask(owner);
            }
            return isWaiting();
        }

        /** Waits until the owner has given its backend back, unless it is to keep it. */
        private void freed() {
            if (!isPinned(expected)) {
                Pool pool = two.pool(database, "postgres");
                await("the owner's backend is free")
                        .atMost(POOL_TIMEOUT)
                        .pollInterval(Duration.ofMillis(1))
                        .until(() -> pool.idle() == pool.open());
            }
        }

        private boolean isWaiting() {
            return one.pool(database, "postgres").waiting() == 1;
        }

        private void onAnotherBackend() throws IOException, SQLException {
            reset();
            try (WireClient other = login(two)) {
                WireClient owner = login(two);
                if (make(owner)) {
                    freed();
                    Look first = ask(owner);
                    freed();
                    Look second = ask(owner);
                    boolean moved =
                            second.backend() == null || !second.backend().equals(first.backend());
                    boolean keeps = first.answer().equals(model.owner())
                            && second.answer().equals(model.owner());
                    if (kept && keeps != (expected == Handling.REPLAYED || expected == Handling.PINNED)) {
                        note("another backend, owner", expected + " " + model.owner(), first + ", " + second);
                    }
                    if (moved == isPinned(expected)) {
                        note("another backend", expected.toString(), moved ? "it moved" : "it stayed");
                    }
                    same("another backend, next client", stranger, ask(other).answer());
                    same(
                            "another backend, next client again",
                            stranger,
                            ask(other).answer());
                }
                owner.close();
                same("after its owner has vanished", stranger, ask(other).answer());
                same(
                        "after its owner has vanished, another backend",
                        stranger,
                        ask(other).answer());
            }
        }

        /** False if there is nothing to look for because it was refused. */
        private boolean make(WireClient owner) throws IOException {
            List<String> answers = Model.make(owner, kind, way);
            if (expected == Handling.REFUSED && answers.toString().contains("E[ERROR 0A000")) {
                return false;
            }
            same("its own answers", model.making().toString(), answers.toString());
            return true;
        }

        private Look ask(WireClient client) throws IOException {
            kind.probe().send(client);
            return look(client);
        }

        private Look look(WireClient client) throws IOException {
            looks++;
            return Look.of(kind.probe().read(client));
        }

        private void same(String where, String right, String seen) {
            if (!right.equals(seen)) {
                note(where, right, seen);
            }
        }

        private void note(String where, String right, String seen) {
            differences.add("%s, %s, %s:%n    expected %s%n    seen     %s"
                    .formatted(kind.title(), way.title(), where, right, seen));
        }
    }

    private static boolean isPinned(Handling handling) {
        return handling == Handling.PINNED || handling == Handling.PINNED_FOR_NOTHING;
    }

    private static boolean hasAnswer(WireClient client) throws IOException {
        return client.socket().getInputStream().available() > 0;
    }

    private boolean nothingIsLeft() throws SQLException {
        try (Statement statement = admin.createStatement();
                var rows =
                        statement.executeQuery("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database"
                                + " = (SELECT oid FROM pg_database WHERE datname = current_database())")) {
            rows.next();
            return rows.getInt(1) == 0;
        }
    }

    private void replaceBackends() throws SQLException {
        try (Statement statement = admin.createStatement()) {
            statement.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    + " WHERE datname = current_database() AND pid <> pg_backend_pid()");
        }
        for (RunningProxy proxy : List.of(usual.one(), usual.two(), checking.one(), checking.two())) {
            await("its backends are gone")
                    .atMost(Duration.ofSeconds(10))
                    .until(() -> proxy.proxy().pools().pools().stream().allMatch(pool -> pool.open() == 0));
        }
    }

    private void reset() throws SQLException {
        try (Statement statement = admin.createStatement()) {
            statement.execute("SELECT setval('state_seq', 1, false), setval('state_serial_id_seq', 1, false)");
        }
    }

    private WireClient direct() throws IOException {
        return WireClient.login(
                postgres.host(), postgres.port(), database, postgres.superuser(), postgres.superuserPassword());
    }

    private WireClient login(RunningProxy proxy) throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), Map.of("database", database, "user", "postgres"), null);
    }

    @Override
    public void close() throws SQLException {
        admin.close();
        for (RunningProxy proxy : List.of(usual.one(), usual.two(), checking.one(), checking.two())) {
            proxy.awaitQuiet();
            proxy.close();
        }
        postgres.dropDatabase(database);
    }
}
