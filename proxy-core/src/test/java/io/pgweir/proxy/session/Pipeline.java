package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.bind;
import static io.pgweir.proxy.testkit.Frontend.closeStatement;
import static io.pgweir.proxy.testkit.Frontend.copyData;
import static io.pgweir.proxy.testkit.Frontend.copyDone;
import static io.pgweir.proxy.testkit.Frontend.describePortal;
import static io.pgweir.proxy.testkit.Frontend.describeStatement;
import static io.pgweir.proxy.testkit.Frontend.execute;
import static io.pgweir.proxy.testkit.Frontend.flush;
import static io.pgweir.proxy.testkit.Frontend.join;
import static io.pgweir.proxy.testkit.Frontend.parse;
import static io.pgweir.proxy.testkit.Frontend.query;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static io.pgweir.proxy.testkit.Frontend.unnamed;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A pipeline of 100 statements of many kinds in several units of work (Sync in random places, simple Queries and COPY between
 * them), one of which is {@code culprit}. The same seed gives the same pipeline with any culprit.
 */
final class Pipeline {
    static final int STATEMENTS = 100;

    /** What is answered with one ReadyForQuery; {@code failing} is the same unit with an error at its first message. */
    record Unit(byte[] normal, byte[] failing) {}

    private final List<Unit> units = new ArrayList<>();
    private final Random random;
    private final String comment;
    private int culpritUnit;

    private Pipeline(long seed, String comment) {
        this.random = new Random(seed);
        this.comment = comment;
    }

    /** {@code culprit} is the statement at {@code position}, from 1. */
    static Pipeline of(long seed, int position, byte[] culprit) {
        return of(seed, position, culprit, "");
    }

    /** The same, with a comment in the texts of named statements: no backend knows them yet. */
    static Pipeline of(long seed, int position, byte[] culprit, String comment) {
        Pipeline pipeline = new Pipeline(seed * 1_000 + position, comment);
        pipeline.build(position, culprit);
        return pipeline;
    }

    private void build(int position, byte[] culprit) {
        boolean byQuery = culprit[0] == 'Q';
        List<byte[]> open = new ArrayList<>();
        for (int i = 1; i <= STATEMENTS; i++) {
            int dice = random.nextInt(100);
            boolean ends = random.nextInt(100) < 12;
            boolean queryBehind = random.nextInt(3) == 0;
            if (i == position && byQuery) {
                end(open);
                culpritUnit = units.size();
                units.add(new Unit(culprit, query("SELEC")));
            } else if (i == position) {
                open.add(culprit);
                culpritUnit = units.size();
                if (queryBehind) {
                    open.add(query("SELECT 'skipped'")); // PostgreSQL does, up to Sync
                }
            } else if (dice < 8) {
                end(open);
                units.add(new Unit(query("SELECT " + i + "; SELECT 'again'"), query("SELEC")));
            } else if (dice < 14) {
                end(open);
                byte[] rows = join(copyData(i + "\n"), copyDone());
                units.add(new Unit(join(query("COPY piped FROM STDIN"), rows), join(query("SELEC"), rows)));
            } else {
                open.add(statement(i));
            }
            if (ends) {
                end(open);
            }
        }
        end(open);
    }

    private void end(List<byte[]> open) {
        if (!open.isEmpty()) {
            byte[] all = join(join(open.toArray(byte[][]::new)), sync());
            units.add(new Unit(all, join(parse("", "SELEC"), all)));
            open.clear();
        }
    }

    private byte[] statement(int i) {
        String name = "s" + i;
        String portal = "p" + i;
        return switch (random.nextInt(7)) {
            case 0 -> join(unnamed("SELECT " + i), flush());
            case 1 ->
                join(parse(name, "SELECT $1::int + " + i + comment), bind(portal, name, "" + i), execute(portal, 0));
            case 2 ->
                join(
                        parse("", "SELECT generate_series(1, 4)"),
                        bind(portal, ""),
                        execute(portal, 1),
                        execute(portal, 2),
                        execute(portal, 0));
            case 3 ->
                join(
                        parse(name, "SELECT 'n" + i + "'" + comment),
                        describeStatement(name),
                        bind("", name),
                        describePortal(""),
                        execute("", 0),
                        closeStatement(name));
            case 4 ->
                join(
                        parse("", "COPY piped FROM STDIN"),
                        bind("", ""),
                        execute("", 0),
                        copyData(i + "\n"),
                        copyData(-i + "\n"),
                        copyDone());
            case 5 -> unnamed("INSERT INTO piped VALUES ($1)", "" + i);
            default -> unnamed("SELECT " + i);
        };
    }

    int units() {
        return units.size();
    }

    /** Index of the unit that the culprit is in. */
    int culpritUnit() {
        return culpritUnit;
    }

    /** The bytes of the units from {@code from} to before {@code to}. */
    byte[] normal(int from, int to) {
        return join(units.subList(from, to).stream().map(Unit::normal).toArray(byte[][]::new));
    }

    /** The same with every unit failing at its first message. */
    byte[] failing(int from, int to) {
        return join(units.subList(from, to).stream().map(Unit::failing).toArray(byte[][]::new));
    }
}
