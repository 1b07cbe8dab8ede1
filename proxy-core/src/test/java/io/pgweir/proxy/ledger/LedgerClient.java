package io.pgweir.proxy.ledger;

import static io.pgweir.proxy.testkit.Frontend.query;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static io.pgweir.proxy.testkit.Frontend.unnamed;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Writes rows in all {@link Form}s over one connection, keeps books of what it was told, and reads what must be there. */
final class LedgerClient extends Thread implements AutoCloseable {
    /** Longer than all waits that pgweir allows, one after the other. */
    private static final Duration LONGEST_ANSWER = Duration.ofSeconds(30);

    private static final long PAUSE_NANOS = 10_000_000;

    /** How long a client tries to come back, and how often. */
    private static final Duration LONGEST_ABSENCE = Duration.ofSeconds(30);

    private static final long TRY_AGAIN_NANOS = 20_000_000;

    /** How a client connects. */
    interface Login {
        WireClient connect() throws IOException;
    }

    private final int number;
    private final @Nullable Login again;
    private WireClient client;
    private final Random random;
    private final Pulse pulse;
    private final Form[] forms;
    private final List<Entry> books = new ArrayList<>();
    private final List<Integer> acknowledged = new ArrayList<>();
    private final Map<String, Integer> codes = new TreeMap<>();
    private final List<String> violations = new ArrayList<>();
    private volatile long servedAt;
    private volatile boolean stopping;
    private volatile int written;
    private long slowest;
    private int reads;
    private int returns;
    private int next;

    /**
     * One that must never lose its connection.
     *
     * @param forms those to choose from
     */
    LedgerClient(int number, WireClient client, long seed, Pulse pulse, Form... forms) {
        this(number, client, null, seed, pulse, forms);
    }

    /** One that comes back when its connection is lost. */
    static LedgerClient thatComesBack(int number, Login login, long seed, Pulse pulse) throws IOException {
        return new LedgerClient(number, login.connect(), login, seed, pulse);
    }

    private LedgerClient(int number, WireClient client, @Nullable Login again, long seed, Pulse pulse, Form... forms) {
        super("ledger-client-" + number);
        this.number = number;
        this.client = client;
        this.again = again;
        this.random = new Random(seed + number);
        this.pulse = pulse;
        this.forms = forms.length == 0 ? Form.values() : forms;
    }

    @Override
    public void run() {
        try {
            prepare(client);
            while (!stopping) {
                if (random.nextInt(4) > 0 || acknowledged.isEmpty()) {
                    write(forms[random.nextInt(forms.length)]);
                } else {
                    read(acknowledged.get(random.nextInt(acknowledged.size())));
                }
                LockSupport.parkNanos((long) (random.nextDouble() * 2 * PAUSE_NANOS));
            }
        } catch (IOException | RuntimeException e) {
            violations.add("client " + number + " after " + next + " rows: " + e);
        }
    }

    private static void prepare(WireClient client) throws IOException {
        String prepared = client.exchange(Form.PREPARATION);
        if (!prepared.equals("1 1 Z[I]")) {
            throw new IOException(prepared);
        }
    }

    private void write(Form form) throws IOException {
        String unit = "u" + number + "-" + next;
        List<Form.Row> rows = new ArrayList<>();
        for (int i = 0; i < form.rows(); i++) {
            rows.add(new Form.Row("a" + number + "-" + next, unit, number, next));
            next++;
        }
        List<Form.Step> steps = form.steps(rows);
        Told told = Told.REFUSED;
        List<ServerMessage> answer = List.of();
        String how = form + " ";
        for (int i = 0; i < steps.size(); i++) {
            boolean last = i == steps.size() - 1;
            try {
                answer = exchange(steps.get(i));
            } catch (IOException lost) {
                answer = List.of();
                how += lost;
                told = last && form != Form.ROLLED_BACK
                        ? Told.UNKNOWN
                        : Told.REFUSED; // without COMMIT nothing is there
                comeBack(lost);
                break;
            }
            if (last) {
                told = Told.by(answer, form.commits());
            } else if (answer.stream().anyMatch(message -> message.type() == 'E')) {
                break;
            }
        }
        if (told == Told.ACKNOWLEDGED) {
            served();
        }
        how += ServerMessage.transcript(answer);
        for (Form.Row row : rows) {
            books.add(new Entry(row.id(), unit, told, how));
            if (told == Told.ACKNOWLEDGED) {
                acknowledged.add(row.n());
            }
        }
        written = books.size();
        if (!answer.isEmpty() && answer.get(answer.size() - 1).transactionState() != 'I') {
            try {
                exchange(Form.Step.of(query("ROLLBACK")));
            } catch (IOException lost) {
                comeBack(lost);
            }
        }
    }

    /** Connects anew, if that is allowed. */
    private void comeBack(IOException lost) throws IOException {
        if (again == null) {
            throw lost;
        }
        client.close();
        returns++;
        long deadline = System.nanoTime() + LONGEST_ABSENCE.toNanos();
        while (true) {
            try {
                client = again.connect();
                prepare(client);
                return;
            } catch (IOException down) {
                client.close();
                if (System.nanoTime() - deadline > 0) {
                    throw down;
                }
                LockSupport.parkNanos(TRY_AGAIN_NANOS);
            }
        }
    }

    /** A row that was acknowledged is there at once, for any backend. */
    private void read(int n) throws IOException {
        String sql = "SELECT count(*) FROM ledger WHERE client = " + number + " AND n = " + n;
        List<ServerMessage> answer;
        try {
            answer = exchange(random.nextBoolean() ? Form.Step.of(query(sql)) : Form.Step.of(unnamed(sql), sync()));
        } catch (IOException lost) {
            comeBack(lost);
            return;
        }
        String values = answer.stream()
                .filter(message -> message.type() == 'D')
                .map(message -> String.valueOf(message.values().get(0)))
                .reduce("", String::concat);
        boolean failed = answer.stream().anyMatch(message -> message.type() == 'E');
        if (failed) {
            return;
        }
        served();
        reads++;
        if (!values.equals("1")) {
            violations.add("row " + n + " of client " + number + " was read " + values + " times");
        }
    }

    /** By the server: pgweir answers a BEGIN by itself. */
    private void served() {
        servedAt = System.nanoTime();
        pulse.success(servedAt);
    }

    private List<ServerMessage> exchange(Form.Step step) throws IOException {
        long begin = System.nanoTime();
        for (byte[] write : step.writes()) {
            client.send(write);
        }
        List<ServerMessage> answer = new ArrayList<>();
        for (int open = step.answers(); open > 0; ) {
            ServerMessage message = client.read(LONGEST_ANSWER);
            answer.add(message);
            if (message.type() == 'Z') {
                open--;
            } else if (message.type() == 'E') {
                codes.merge(Told.code(message), 1, Integer::sum);
                if (!"ERROR".equals(message.fields().get('S'))) {
                    violations.add("client " + number + " lost its connection: " + message);
                }
            }
        }
        slowest = Math.max(slowest, System.nanoTime() - begin);
        return answer;
    }

    /** Ends the thread once it has its answer. */
    void finish() throws InterruptedException {
        stopping = true;
        join(LONGEST_ANSWER.toMillis());
        if (isAlive()) {
            violations.add("client " + number + " still waits for an answer");
        }
    }

    /** Waits until each has been served once more, but for those that have ended. */
    static void awaitAll(List<LedgerClient> clients) {
        long from = System.nanoTime();
        await("every client is served")
                .atMost(Duration.ofSeconds(30))
                .until(() -> clients.stream().allMatch(client -> client.servedSince(from) || !client.isAlive()));
    }

    boolean servedSince(long nanoTime) {
        return servedAt - nanoTime > 0;
    }

    int number() {
        return number;
    }

    /** Rows in the books so far. */
    int written() {
        return written;
    }

    // ---- after the end

    List<Entry> books() {
        return books;
    }

    List<String> violations() {
        return violations;
    }

    Map<String, Integer> codes() {
        return codes;
    }

    int reads() {
        return reads;
    }

    /** How often it has come back. */
    int returns() {
        return returns;
    }

    /** Longest time between a request and the end of its answer, in nanoseconds. */
    long slowest() {
        return slowest;
    }

    @Override
    public void close() throws IOException {
        client.close();
    }
}
