package io.pgweir.proxy.ledger;

import io.pgweir.proxy.testkit.FaultProxy;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.OwnPostgres;
import io.pgweir.proxy.testkit.ServerMessage;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Holds what clients were told against what is in the table, and against what the server's log says has run. */
final class Audit {
    static final String TABLE = "CREATE TABLE ledger (id text, unit text, client int, n int)";

    /** For clients that read what they have written. Not unique: a row that is written twice must come to be there twice. */
    static final String INDEX = "CREATE INDEX ON ledger (client, n)";

    private static final Pattern ID = Pattern.compile("'(a\\d+-\\d+)'");
    private static final int MOST_ROWS_AT_A_TIME = 20_000;

    private final Map<String, Integer> rows = new HashMap<>();
    private final Map<String, Integer> runs = new HashMap<>();
    private int found;
    private boolean logRead;

    /** Of all that a server has in its table and in its log, once nobody is left who could write; closes the way there. */
    static Audit of(OwnPostgres postgres, FaultProxy network) throws IOException {
        Audit audit = new Audit();
        network.close();
        try (WireClient direct = postgres.connect()) {
            Storm.awaitNobody(direct);
            audit.read(direct);
        }
        try (var log = postgres.log()) {
            audit.read(log);
        }
        return audit;
    }

    /** Reads the table, past any proxy. */
    void read(WireClient direct) throws IOException {
        direct.query("BEGIN");
        direct.query("DECLARE everything CURSOR FOR SELECT id FROM ledger");
        List<ServerMessage> answer;
        do {
            direct.send(Frontend.query("FETCH " + MOST_ROWS_AT_A_TIME + " FROM everything"));
            answer = direct.readUntilReady();
            for (ServerMessage message : answer) {
                if (message.type() == 'D') {
                    rows.merge(String.valueOf(message.values().get(0)), 1, Integer::sum);
                    found++;
                }
            }
        } while (answer.stream().anyMatch(message -> message.type() == 'D'));
        direct.query("COMMIT");
    }

    /** Counts the rows that statements in a server's log were to write, whether they were committed or not. */
    void read(Stream<String> log) {
        logRead = true;
        log.filter(line -> !line.contains("Failed process was running")).forEach(line -> {
            Set<String> ofOneStatement = new HashSet<>();
            Matcher ids = ID.matcher(line);
            while (ids.find()) {
                ofOneStatement.add(ids.group(1));
            }
            ofOneStatement.forEach(id -> runs.merge(id, 1, Integer::sum));
        });
    }

    int found() {
        return found;
    }

    int runs() {
        return runs.values().stream().mapToInt(Integer::intValue).sum();
    }

    /** How many of these are there. */
    long present(Collection<Entry> entries) {
        return entries.stream().filter(entry -> rows.containsKey(entry.id())).count();
    }

    List<String> violations(Collection<Entry> books) {
        List<String> violations = new ArrayList<>();
        Map<String, List<Entry>> units = new TreeMap<>();
        Set<String> known = new HashSet<>();
        for (Entry entry : books) {
            known.add(entry.id());
            units.computeIfAbsent(entry.unit(), unit -> new ArrayList<>()).add(entry);
            int there = rows.getOrDefault(entry.id(), 0);
            int ran = runs.getOrDefault(entry.id(), 0);
            if (there > 1) {
                violations.add("there " + there + " times: " + entry);
            } else if (ran > 1) {
                violations.add("run " + ran + " times: " + entry);
            } else if (entry.told() == Told.ACKNOWLEDGED && there == 0) {
                violations.add("lost: " + entry);
            } else if (entry.told() == Told.REFUSED && there > 0) {
                violations.add("there in spite of its error: " + entry);
            } else if (logRead && there > ran) {
                violations.add("there, but not in the log: " + entry);
            }
        }
        units.values().stream().filter(this::isTorn).forEach(unit -> violations.add("torn apart: " + unit));
        rows.keySet().stream()
                .filter(id -> !known.contains(id))
                .forEach(id -> violations.add("there, and nobody wrote it: " + id));
        return violations;
    }

    private boolean isTorn(List<Entry> unit) {
        return present(unit) % unit.size() != 0;
    }
}
