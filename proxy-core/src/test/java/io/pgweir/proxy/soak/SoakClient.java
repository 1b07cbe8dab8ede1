package io.pgweir.proxy.soak;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;

/**
 * One client of the soak. Whatever it asks carries a nonce that nobody else has, and every byte of the answer is known
 * beforehand, so that an answer meant for somebody else, or one too many or too few, is a {@link Mismatch}.
 */
final class SoakClient implements Callable<Void> {
    /** An answer that is not the one to this client's request. */
    static final class Mismatch extends AssertionError {
        private static final long serialVersionUID = 1L;

        Mismatch(String message) {
            super(message);
        }
    }

    /** Five backends for 200 clients on a busy machine may let one wait for long. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final RunningProxy proxy;
    private final String database;
    private final int number;
    private final long end;
    private final SoakFigures figures;
    private final Random random;
    private final Map<String, String> prepared = new HashMap<>();
    private WireClient wire;
    private String setting = "";
    private long requests;

    SoakClient(RunningProxy proxy, String database, int number, long seed, long end, SoakFigures figures)
            throws IOException {
        this.proxy = proxy;
        this.database = database;
        this.number = number;
        this.end = end;
        this.figures = figures;
        this.random = new Random(seed + number);
        this.wire = login();
    }

    private WireClient login() throws IOException {
        prepared.clear();
        setting = "start" + number;
        return WireClient.login(
                proxy.host(),
                proxy.port(),
                Map.of("database", database, "user", "postgres", "application_name", setting),
                null);
    }

    @Override
    public Void call() throws IOException {
        try {
            while (System.nanoTime() < end) {
                SoakWork work = SoakWork.any(random);
                perform(work);
                figures.done(work);
            }
        } finally {
            wire.close();
        }
        return null;
    }

    private void perform(SoakWork work) throws IOException {
        switch (work) {
            case SIMPLE -> simple();
            case SEVERAL_STATEMENTS -> severalStatements();
            case UNNAMED -> unnamed();
            case PREPARED -> prepared();
            case FORGET -> forget();
            case TRANSACTION -> transaction();
            case PIPELINE -> pipeline();
            case ERROR -> error();
            case CURSOR -> cursor();
            case PORTAL -> portal();
            case COPY_OUT -> copyOut();
            case COPY_IN -> copyIn();
            case SETTING -> setting();
            case CANCEL -> cancel();
            case LARGE -> large();
            case DISCONNECT -> disconnect();
        }
    }

    // ---- the work

    private void simple() throws IOException {
        String nonce = nonce();
        expect(query("select '" + nonce + "' as n"), row("n", nonce) + " Z[I]");
    }

    private void severalStatements() throws IOException {
        String one = nonce();
        String two = nonce();
        expect(
                query("select '" + one + "' as a; select '" + two + "' as b, 2 as c;"),
                row("a", one) + " " + row("b|c", two + "|2") + " Z[I]");
    }

    private void unnamed() throws IOException {
        String nonce = nonce();
        expect(
                exchange(Frontend.unnamed("select $1::text as n, $2::int as k", nonce, "7"), Frontend.sync()),
                "1 2 " + row("n|k", nonce + "|7") + " Z[I]");
    }

    /** All clients use the same few names, each for texts of its own. */
    private void prepared() throws IOException {
        String name = "s" + random.nextInt(5);
        String text = prepared.get(name);
        String nonce = nonce();
        byte[] bind = Frontend.join(
                Frontend.bind("", name, nonce), Frontend.describePortal(""), Frontend.execute("", 0), Frontend.sync());
        if (text == null) {
            text = random.nextInt(3) == 0 ? "client" + number : "shared" + random.nextInt(20);
            prepared.put(name, text);
            expect(
                    exchange(Frontend.parse(name, "select $1::text as n, '" + text + "' as t"), bind),
                    "1 2 " + row("n|t", nonce + "|" + text) + " Z[I]");
        } else {
            expect(exchange(bind), "2 " + row("n|t", nonce + "|" + text) + " Z[I]");
        }
    }

    private void forget() throws IOException {
        switch (random.nextInt(3)) {
            case 0 -> {
                String name = "s" + random.nextInt(5);
                prepared.remove(name);
                expect(exchange(Frontend.closeStatement(name), Frontend.sync()), "3 Z[I]");
            }
            case 1 -> {
                prepared.clear();
                expect(query("deallocate all"), "C[DEALLOCATE ALL] Z[I]");
            }
            default -> {
                prepared.clear();
                setting = "start" + number;
                expect(query("discard all"), "C[DISCARD ALL] Z[I]");
            }
        }
    }

    private void transaction() throws IOException {
        String nonce = nonce();
        boolean commit = random.nextBoolean();
        expect(query("begin"), "C[BEGIN] Z[T]");
        expect(
                exchange(
                        Frontend.parse("", "insert into soak values ($1, $2)"),
                        Frontend.bind("", "", nonce, String.valueOf(number)),
                        Frontend.execute("", 0),
                        Frontend.sync()),
                "1 2 C[INSERT 0 1] Z[T]");
        expect(query(count(nonce)), row("c", "1") + " Z[T]");
        if (!commit && random.nextBoolean()) {
            expectError(query("select 1/0"), "22012", "Z[E]");
            expectError(query("select 1"), "25P02", "Z[E]");
        }
        expect(query(commit ? "commit" : "rollback"), commit ? "C[COMMIT] Z[I]" : "C[ROLLBACK] Z[I]");
        expect(query(count(nonce)), row("c", commit ? "1" : "0") + " Z[I]");
    }

    private void pipeline() throws IOException {
        int units = 2 + random.nextInt(12);
        String[] nonces = new String[units];
        int[] divisors = new int[units];
        byte[][] messages = new byte[units][];
        for (int i = 0; i < units; i++) {
            nonces[i] = nonce();
            divisors[i] = random.nextInt(6);
            messages[i] = Frontend.join(
                    Frontend.unnamed("select $1::text as n, 1 / $2::int as q", nonces[i], "" + divisors[i]),
                    Frontend.unnamed("select $1::text as m", nonces[i]),
                    Frontend.sync());
        }
        wire.send(messages);
        for (int i = 0; i < units; i++) {
            String answer = ServerMessage.transcript(readUntil('Z'));
            if (divisors[i] == 0) {
                // PostgreSQL plans at Bind, and evaluates what is constant then.
                expectMatch(answer, "1 E\\[22012 [^]]*\\] Z\\[I\\]");
            } else {
                String quotient = divisors[i] == 1 ? "1" : "0";
                expect(
                        answer,
                        "1 2 " + row("n|q", nonces[i] + "|" + quotient) + " 1 2 " + row("m", nonces[i]) + " Z[I]");
            }
        }
    }

    private void error() throws IOException {
        String nonce = nonce();
        expectError(query("select '" + nonce + "'::int"), "22P02", "Z[I]");
        expectMatch(
                exchange(Frontend.parse("", "select no_such_column"), Frontend.bind("", ""), Frontend.sync()),
                "E\\[42703 [^]]*\\] Z\\[I\\]");
        expect(query("select '" + nonce + "' as n"), row("n", nonce) + " Z[I]");
    }

    private void cursor() throws IOException {
        String nonce = nonce();
        expect(query("begin"), "C[BEGIN] Z[T]");
        expect(
                query("declare c cursor for select '" + nonce + "' as n, i from generate_series(1, 5) i"),
                "C[DECLARE CURSOR] Z[T]");
        expect(query("fetch 2 from c"), "T[n|i] D[" + nonce + "|1] D[" + nonce + "|2] C[FETCH 2] Z[T]");
        expect(query("fetch 1 from c"), "T[n|i] D[" + nonce + "|3] C[FETCH 1] Z[T]");
        expect(query("commit"), "C[COMMIT] Z[I]");
    }

    private void portal() throws IOException {
        String nonce = nonce();
        wire.send(
                Frontend.parse("", "select $1::text || i as n from generate_series(1, 3) i"),
                Frontend.bind("p", "", nonce),
                Frontend.execute("p", 2),
                Frontend.flush());
        expect(ServerMessage.transcript(readUntil('s')), "1 2 D[" + nonce + "1] D[" + nonce + "2] s");
        expect(exchange(Frontend.execute("p", 2), Frontend.sync()), "D[" + nonce + "3] C[SELECT 1] Z[I]");
    }

    private void copyOut() throws IOException {
        String nonce = nonce();
        int rows = 1 + random.nextInt(300);
        wire.send(Frontend.query("copy (select '" + nonce + "', i from generate_series(1, " + rows + ") i) to stdout"));
        List<ServerMessage> answer = readUntil('Z');
        if (answer.size() != rows + 4 || answer.get(0).type() != 'H') {
            throw new Mismatch(describe("a copy of " + rows + " rows", ServerMessage.transcript(answer)));
        }
        for (int i = 1; i <= rows; i++) {
            expect(new String(answer.get(i).body(), java.nio.charset.StandardCharsets.UTF_8), nonce + "\t" + i + "\n");
        }
        expect(ServerMessage.transcript(answer.subList(rows + 1, rows + 4)), "c C[COPY " + rows + "] Z[I]");
    }

    private void copyIn() throws IOException {
        String nonce = nonce();
        boolean fail = random.nextInt(3) == 0;
        wire.send(Frontend.query("copy soak from stdin"));
        expectMatch(ServerMessage.transcript(readUntil('G')), "G\\[0 2 columns\\]");
        wire.send(Frontend.copyData(nonce + "\t1\n"), Frontend.copyData(nonce + "\t2\n"));
        if (fail) {
            wire.send(Frontend.copyFail("on purpose"));
            expectMatch(ServerMessage.transcript(readUntil('Z')), "E\\[57014 .*\\] Z\\[I\\]");
        } else {
            wire.send(Frontend.copyDone());
            expect(ServerMessage.transcript(readUntil('Z')), "C[COPY 2] Z[I]");
        }
        expect(query(count(nonce)), row("c", fail ? "0" : "2") + " Z[I]");
    }

    private void setting() throws IOException {
        String show = "select current_setting('application_name') as s";
        expect(query(show), row("s", setting) + " Z[I]");
        setting = nonce();
        expect(query("set application_name to '" + setting + "'"), "C[SET] Z[I]");
        expect(query(show), row("s", setting) + " Z[I]");
    }

    private void cancel() throws IOException {
        String nonce = nonce();
        wire.send(Frontend.query("select '" + nonce + "' as n from pg_sleep(0.0" + (1 + random.nextInt(5)) + ")"));
        wire.cancel();
        String answer = ServerMessage.transcript(readUntil('Z'));
        if (!answer.equals(row("n", nonce) + " Z[I]")) {
            expectMatch(answer, "(T\\[n\\] )?E\\[57014 .*\\] Z\\[I\\]");
            figures.canceled();
        }
    }

    private void large() throws IOException {
        String nonce = nonce();
        int copies = 1 + random.nextInt(20_000);
        expect(query("select repeat('" + nonce + "', " + copies + ") as n"), row("n", nonce.repeat(copies)) + " Z[I]");
    }

    private void disconnect() throws IOException {
        switch (random.nextInt(5)) {
            case 0 -> wire.send(Frontend.terminate());
            case 1 -> wire.send(Frontend.query("select pg_sleep(10)")).reset();
            case 2 -> {
                query("begin");
                query("insert into soak values ('left open', 0)");
            }
            case 3 -> wire.send(Frontend.query("select repeat('x', 1000) from generate_series(1, 2000)"));
            default -> wire.send(Frontend.parse("", "select 1"), Frontend.bind("", ""));
        }
        wire.close();
        wire = login();
    }

    // ---- answers

    private String query(String sql) throws IOException {
        return exchange(Frontend.query(sql));
    }

    private String exchange(byte[]... messages) throws IOException {
        wire.send(messages);
        return ServerMessage.transcript(readUntil('Z'));
    }

    /** Messages up to one of this type, without ParameterStatus, which may come at any time but must be this client's. */
    private List<ServerMessage> readUntil(char type) throws IOException {
        List<ServerMessage> messages = new ArrayList<>();
        do {
            ServerMessage message = wire.read(PATIENCE);
            if (message.type() != 'S') {
                messages.add(message);
            } else if (!isOwn(message.toString())) {
                throw new Mismatch("client " + number + " was told " + message);
            }
            if (message.type() == 'Z' && type != 'Z') {
                throw new Mismatch(describe("a message " + type, ServerMessage.transcript(messages)));
            }
        } while (messages.isEmpty() || messages.get(messages.size() - 1).type() != type);
        return messages;
    }

    private boolean isOwn(String parameter) {
        return parameter.equals("S[application_name=" + setting + "]")
                || parameter.equals("S[application_name=start" + number + "]")
                || parameter.equals("S[application_name=]");
    }

    // ---- what is expected

    private String nonce() {
        return "c" + number + "r" + requests++ + "x" + Long.toHexString(random.nextLong());
    }

    private static String count(String nonce) {
        return "select count(*) as c from soak where nonce = '" + nonce + "'";
    }

    private static String row(String columns, String values) {
        return "T[" + columns + "] D[" + values + "] C[SELECT 1]";
    }

    private void expect(String answer, String expected) {
        if (!answer.equals(expected)) {
            throw new Mismatch(describe(expected, answer));
        }
        figures.verified();
    }

    private void expectMatch(String answer, String pattern) {
        if (!answer.matches(pattern)) {
            throw new Mismatch(describe(pattern, answer));
        }
        figures.verified();
    }

    private void expectError(String answer, String sqlState, String ready) {
        expectMatch(
                answer,
                "E\\[" + sqlState + " [^]]*\\] " + ready.replace("[", "\\[").replace("]", "\\]"));
    }

    private String describe(String expected, String answer) {
        return "client " + number + " expected: " + shortened(expected) + " but got: " + shortened(answer);
    }

    private static String shortened(String text) {
        return text.length() < 500 ? text : text.substring(0, 500) + "... (" + text.length() + " characters)";
    }
}
