package io.pgweir.proxy.state;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Makes a random program of a seed; the same seed and number make the same program. */
final class ProgramGenerator {
    private final int number;
    private final int client;
    private final long seed;
    private final Random random;
    private final Vocabulary words;
    private final List<Exchange> exchanges = new ArrayList<>();
    private boolean hasStartup;

    private ProgramGenerator(int number, int client, long seed) {
        this.number = number;
        this.client = client;
        this.seed = seed;
        this.random = new Random(seed * 1_000_003 + number);
        this.words = new Vocabulary(random, client, number);
    }

    /** @param client whose tables it uses */
    static Program program(int number, int client, long seed) {
        return new ProgramGenerator(number, client, seed).make();
    }

    private Program make() {
        Map<String, String> startup = startup();
        hasStartup = !startup.isEmpty();
        for (int units = 4 + random.nextInt(10); units > 0; units--) {
            unit();
        }
        return new Program(number, seed, startup, exchanges, random.nextBoolean());
    }

    /** All that programs have at their login. */
    static List<Map<String, String>> startups() {
        Map<String, String> options = Map.of("options", "-c work_mem=9MB -c search_path=\"odd\\ schema\",public");
        Map<String, String> zone = Map.of("DateStyle", "SQL, DMY", "TimeZone", "Asia/Kolkata");
        Map<String, String> both = new HashMap<>(options);
        both.putAll(zone);
        return List.of(Map.of(), Map.of(), Map.of(), options, zone, both);
    }

    private Map<String, String> startup() {
        return startups().get(random.nextInt(startups().size()));
    }

    private void unit() {
        switch (random.nextInt(12)) {
            case 0, 1 -> add(single(words.look()));
            case 2, 3, 4 -> {
                add(single(change()));
                add(single(words.look()));
            }
            case 5, 6 -> transaction();
            case 7 -> add(Exchange.query(several("; ")));
            case 8 -> add(pipeline());
            case 9 -> copy();
            case 10 -> prepared();
            default -> portal();
        }
    }

    private void add(Exchange exchange) {
        exchanges.add(exchange);
    }

    private String any() {
        return random.nextInt(5) < 2 ? words.look() : change();
    }

    private String change() {
        String sql = words.change();
        // SET TRANSACTION fails behind what RESET makes pgweir do: that is a known limit, too.
        while (hasStartup
                && (resets(sql) && sql.contains("$run$")
                        || sql.equals("DISCARD ALL")
                        || sql.startsWith("SET TRANSACTION"))) {
            sql = words.change();
        }
        return sql;
    }

    /** A statement that others follow before pgweir hears of its end. */
    private String amongOthers() {
        String sql = any();
        while (hasStartup && resets(sql)) {
            sql = any();
        }
        return sql;
    }

    /**
     * A RESET in code, or with others behind it, goes to the server's value where the client gave its own at login; that is
     * a known limit. DISCARD ALL does not report the return to such a value from what is the server's.
     */
    private static boolean resets(String sql) {
        return sql.matches("(?s).*(RESET|DEFAULT|DISCARD|LOCAL).*");
    }

    private Exchange single(String sql) {
        return random.nextBoolean() ? Exchange.query(sql) : Exchange.unnamed(sql);
    }

    private String several(String separator) {
        List<String> statements = new ArrayList<>();
        for (int count = 2 + random.nextInt(3); count > 0; count--) {
            statements.add(amongOthers());
        }
        if (random.nextInt(4) == 0) {
            statements.add(0, "BEGIN");
            statements.add(random.nextInt(3) == 0 ? "ROLLBACK" : "COMMIT");
            statements.add(words.look());
        }
        return String.join(separator, statements);
    }

    private void transaction() {
        add(single(random.nextInt(4) == 0 ? "BEGIN ISOLATION LEVEL REPEATABLE READ" : "BEGIN"));
        boolean saved = false;
        for (int count = 1 + random.nextInt(5); count > 0; count--) {
            switch (random.nextInt(8)) {
                case 0 -> {
                    add(single("SAVEPOINT s"));
                    saved = true;
                }
                case 1 -> add(single(saved ? "ROLLBACK TO SAVEPOINT s" : words.look()));
                case 2 -> add(single(saved ? "RELEASE SAVEPOINT s" : words.look()));
                case 3 -> add(pipeline());
                default -> add(single(any()));
            }
        }
        switch (random.nextInt(10)) {
            case 0, 1, 2 -> add(single("ROLLBACK"));
            case 3 -> {}
            default -> add(single("COMMIT"));
        }
        add(single(words.look()));
    }

    private Exchange pipeline() {
        List<Sent> messages = new ArrayList<>();
        int syncs = 1 + random.nextInt(2);
        for (int i = 0; i < syncs; i++) {
            for (int count = 1 + random.nextInt(3); count > 0; count--) {
                messages.add(Sent.unnamed(amongOthers()));
            }
            messages.add(Sent.sync());
        }
        return new Exchange(messages, syncs);
    }

    /** All in one write: if COPY fails, PostgreSQL ignores the data. */
    private void copy() {
        switch (random.nextInt(3)) {
            case 0 ->
                add(Exchange.of(
                        Sent.query("COPY c" + client + "_t FROM STDIN"),
                        Sent.copyData(random.nextInt(10) + "\tcopied\n"),
                        random.nextInt(4) == 0 ? Sent.copyFail("on purpose") : Sent.copyDone()));
            case 1 ->
                add(Exchange.of(Sent.query("COPY tmp_1 FROM STDIN"), Sent.copyData("from a copy\n"), Sent.copyDone()));
            default -> add(Exchange.query("COPY (SELECT date '2024-02-03', v FROM whoami) TO STDOUT"));
        }
    }

    private void prepared() {
        String name = "s" + (1 + random.nextInt(3));
        switch (random.nextInt(5)) {
            // PostgreSQL looks at the text before the name, pgweir the other way round: so the name is free.
            case 0, 1 -> add(Exchange.of(Sent.closeStatement(name), Sent.parse(name, preparable()), Sent.sync()));
            case 2 -> add(Exchange.of(Sent.closeStatement(name), Sent.sync()));
            default -> {}
        }
        add(Exchange.of(Sent.bind("", name), Sent.describeStatement(name), Sent.execute("", 0), Sent.sync()));
    }

    private String preparable() {
        return random.nextInt(3) == 0 ? change() : words.look();
    }

    private void portal() {
        List<Sent> messages = new ArrayList<>(List.of(
                Sent.parse("", "SELECT i, " + number + ", current_setting('DateStyle') FROM generate_series(1, 5) i"),
                Sent.bind("portal", ""),
                Sent.execute("portal", 2)));
        if (random.nextInt(3) == 0) {
            messages.add(Sent.unnamed(amongOthers()));
        }
        messages.addAll(List.of(Sent.execute("portal", 2), Sent.closePortal("portal"), Sent.sync()));
        add(new Exchange(messages, 1));
    }
}
