package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.bind;
import static io.pgweir.proxy.testkit.Frontend.closePortal;
import static io.pgweir.proxy.testkit.Frontend.closeStatement;
import static io.pgweir.proxy.testkit.Frontend.describePortal;
import static io.pgweir.proxy.testkit.Frontend.execute;
import static io.pgweir.proxy.testkit.Frontend.flush;
import static io.pgweir.proxy.testkit.Frontend.parse;
import static io.pgweir.proxy.testkit.Frontend.query;
import static io.pgweir.proxy.testkit.Frontend.raw;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static io.pgweir.proxy.testkit.Frontend.unnamed;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/** The extended protocol without statement names that outlive a Sync: portals, pipelines, errors, Flush. */
final class ExtendedPrograms {
    private static final int[] NO_TYPES = {};

    private ExtendedPrograms() {}

    static List<WireProgram> all() {
        return List.of(
                WireProgram.named("parse, bind, describe, execute")
                        .send(unnamed("SELECT $1::int + 1", "41"), sync())
                        .ready(1),
                WireProgram.named("a statement without rows")
                        .send(unnamed("INSERT INTO pairs VALUES (20, $1)", "x"), sync())
                        .ready(1),
                WireProgram.named("an empty statement")
                        .send(unnamed(""), sync())
                        .ready(1),
                WireProgram.named("a null parameter")
                        .send(unnamed("SELECT $1::text IS NULL", (String) null), sync())
                        .ready(1),
                WireProgram.named("a binary result")
                        .send(
                                parse("", "SELECT 1, 'x'"),
                                bind("", "", List.of(), new byte[0][], List.of(1)),
                                execute("", 0),
                                sync())
                        .ready(1),
                WireProgram.named("sync alone").send(sync()).ready(1),
                WireProgram.named("a thousand syncs").send(times(1000, sync())).ready(1000),
                WireProgram.named("flush alone")
                        .send(flush())
                        .until('Z', 0)
                        .send(sync())
                        .ready(1),
                WireProgram.named("flush after every message")
                        .send(parse("", "SELECT 7"), flush())
                        .until('1')
                        .send(bind("", ""), flush())
                        .until('2')
                        .send(describePortal(""), flush())
                        .until('T')
                        .send(execute("", 0), flush())
                        .until('C')
                        .send(sync())
                        .ready(1),
                WireProgram.named("an error, flushed")
                        .send(parse("", "SELECT 1/0"), bind("", ""), execute("", 0), flush())
                        .until('E')
                        .send(unnamed("SELECT 1"), flush())
                        .until('Z', 0)
                        .send(sync())
                        .ready(1),
                WireProgram.named("two statements between syncs")
                        .send(
                                unnamed("INSERT INTO pairs VALUES (21, 'x')"),
                                unnamed("SELECT count(*) FROM pairs"),
                                sync())
                        .ready(1),
                WireProgram.named("an error undoes what came before it up to the last sync")
                        .send(
                                unnamed("INSERT INTO pairs VALUES (22, 'x')"),
                                unnamed("SELECT 1/0"),
                                unnamed("SELECT 3"),
                                sync())
                        .ready(1)
                        .query("SELECT count(*) FROM pairs"),
                WireProgram.named("a pipeline of many units")
                        .send(unnamed("SELECT 1"), sync(), unnamed("SELECT 1/0"), sync(), unnamed("SELECT 3"), sync())
                        .ready(3),
                WireProgram.named("a pipeline of both protocols")
                        .send(
                                unnamed("SELECT 1"),
                                sync(),
                                query("SELECT 2"),
                                unnamed("SELECT 3"),
                                sync(),
                                query("SELECT 1/0"),
                                unnamed("SELECT 4"),
                                sync())
                        .ready(5),
                WireProgram.named("a query between an error and its sync is skipped")
                        .send(
                                parse("", "SELEC"),
                                query("SELECT 'skipped'"),
                                bind("", ""),
                                sync(),
                                query("SELECT 'not skipped'"))
                        .ready(2),
                WireProgram.named("a query between a known error and its sync is skipped")
                        .send(parse("", "SELEC"), flush())
                        .until('E')
                        .send(query("SELECT 'skipped'"), bind("", ""), sync(), query("SELECT 'not skipped'"))
                        .ready(2),
                WireProgram.named("a query instead of a sync")
                        .send(unnamed("INSERT INTO pairs VALUES (23, 'x')"), query("SELECT count(*) FROM pairs"))
                        .ready(1)
                        .send(bind("", ""), sync())
                        .ready(1),
                WireProgram.named("a query destroys the unnamed portal")
                        .query("BEGIN")
                        .send(
                                parse("", "SELECT g FROM generate_series(1, 5) g"),
                                bind("", ""),
                                execute("", 2),
                                query("SELECT 'q'"),
                                execute("", 2),
                                sync())
                        .ready(2)
                        .query("ROLLBACK"),
                WireProgram.named("a portal in portions")
                        .send(parse("", "SELECT g FROM generate_series(1, 5) g"), bind("", ""), describePortal(""))
                        .send(execute("", 2), execute("", 2), execute("", 2), sync())
                        .ready(1),
                WireProgram.named("a portal in portions with flush")
                        .send(
                                parse("", "SELECT g FROM generate_series(1, 5) g"),
                                bind("p", ""),
                                execute("p", 2),
                                flush())
                        .until('s')
                        .send(execute("p", 2), flush())
                        .until('s')
                        .send(execute("p", 0), flush())
                        .until('C')
                        .send(sync())
                        .ready(1)
                        .send(execute("p", 0), sync())
                        .ready(1),
                WireProgram.named("a named portal over several syncs of a transaction")
                        .query("BEGIN")
                        .send(
                                parse("", "SELECT g FROM generate_series(1, 5) g"),
                                bind("p", ""),
                                execute("p", 2),
                                sync())
                        .ready(1)
                        .query("SELECT 'between'")
                        .send(execute("p", 2), sync())
                        .ready(1)
                        .send(describePortal("p"), closePortal("p"), execute("p", 2), sync())
                        .ready(1)
                        .query("ROLLBACK"),
                WireProgram.named("two portals of one statement")
                        .query("BEGIN")
                        .send(
                                parse("", "SELECT g FROM generate_series(1, $1::int) g"),
                                bind("a", "", "3"),
                                bind("b", "", "4"))
                        .send(execute("a", 2), execute("b", 2), execute("a", 2), execute("b", 2), sync())
                        .ready(1)
                        .query("COMMIT"),
                WireProgram.named("the same portal twice")
                        .query("BEGIN")
                        .send(parse("", "SELECT 1"), bind("p", ""), bind("p", ""), sync())
                        .ready(1)
                        .query("ROLLBACK"),
                WireProgram.named("a portal is gone after its sync")
                        .send(parse("", "SELECT 1"), bind("p", ""), sync())
                        .ready(1)
                        .send(execute("p", 0), sync())
                        .ready(1),
                WireProgram.named("an unknown portal")
                        .send(execute("nowhere", 0), sync())
                        .ready(1)
                        .send(describePortal("nowhere"), sync())
                        .ready(1),
                WireProgram.named("close of an unknown portal and statement")
                        .send(closePortal("nowhere"), closeStatement("nowhere"), sync())
                        .ready(1),
                WireProgram.named("several commands in one parse")
                        .send(unnamed("SELECT 1; SELECT 2"), sync())
                        .ready(1),
                WireProgram.named("an insert with rows in portions")
                        .send(
                                parse("", "INSERT INTO pairs VALUES (24, 'a'), (25, 'b') RETURNING id"),
                                bind("", ""),
                                execute("", 1),
                                execute("", 1),
                                execute("", 1),
                                sync())
                        .ready(1),
                WireProgram.named("too few and too many parameters")
                        .send(unnamed("SELECT $1::int, $2::int", "1"), sync())
                        .ready(1)
                        .send(unnamed("SELECT 1", "1"), sync())
                        .ready(1),
                WireProgram.named("a parameter that is no number")
                        .send(unnamed("SELECT $1::int", "x"), sync())
                        .ready(1),
                WireProgram.named("65535 parameters")
                        .send(parse("", "SELECT 1 WHERE $65535::int = 1", NO_TYPES), sync())
                        .ready(1)
                        .send(bigArray(65_535))
                        .ready(1),
                WireProgram.named("65535 binary nulls")
                        .send(
                                parse("", lots(65_535)),
                                bind("", "", List.of(), new byte[65_535][], List.of()),
                                execute("", 0),
                                sync())
                        .ready(1),
                WireProgram.named("a large parameter")
                        .send(unnamed("SELECT length($1)", "p".repeat(2_000_000)), sync())
                        .ready(1),
                WireProgram.named("every byte in a parameter")
                        .send(unnamed("SELECT $1::text, length($1)", SimplePrograms.everyCharacter()), sync())
                        .ready(1),
                WireProgram.named("a zero byte in a parameter")
                        .send(unnamed("SELECT $1::text", "a\0b"), sync())
                        .ready(1),
                WireProgram.named("a large result behind a small one")
                        .send(unnamed("SELECT 1"), sync(), unnamed("SELECT repeat('x', 500000)"), sync())
                        .ready(2),
                WireProgram.named("malformed messages")
                        .send(raw('P', new byte[] {'x'}), sync())
                        .ready(1)
                        .send(raw('B', new byte[] {0, 0}), sync())
                        .ready(1)
                        .send(raw('E', new byte[0]), sync())
                        .ready(1)
                        .send(raw('D', new byte[] {'X', 'y', 0}), sync())
                        .ready(1)
                        .send(raw('C', new byte[] {'X', 'y', 0}), sync())
                        .ready(1),
                WireProgram.named("messages with bytes behind their end")
                        .send(raw('P', new byte[] {0, ';', 0, 0, 0, 9, 9}), sync())
                        .ready(1)
                        .send(raw('S', new byte[] {1}))
                        .ready(1),
                WireProgram.named("begin, work and commit in one pipeline")
                        .send(
                                unnamed("BEGIN"),
                                unnamed("INSERT INTO pairs VALUES (26, 'x')"),
                                unnamed("COMMIT"),
                                sync())
                        .ready(1)
                        .query("SELECT count(*) FROM pairs"),
                WireProgram.named("begin and an error in one pipeline")
                        .send(unnamed("BEGIN"), unnamed("SELECT 1/0"), unnamed("COMMIT"), sync())
                        .ready(1)
                        .send(unnamed("SELECT 1"), sync())
                        .ready(1)
                        .send(unnamed("ROLLBACK"), sync())
                        .ready(1),
                WireProgram.named("a statement that may not run in a pipeline")
                        .send(unnamed("SELECT 1"), unnamed("VACUUM pairs"), sync())
                        .ready(1));
    }

    private static byte[][] times(int count, byte[] message) {
        byte[][] all = new byte[count][];
        Arrays.fill(all, message);
        return all;
    }

    private static byte[][] bigArray(int count) {
        String[] values = Collections.nCopies(count, "1").toArray(String[]::new);
        return new byte[][] {bind("", "", values), execute("", 0), sync()};
    }

    /** A statement with this many parameters, every one of them used. */
    private static String lots(int count) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(i -> "($" + i + "::int)")
                .collect(java.util.stream.Collectors.joining(
                        ", ", "SELECT count(*) FROM (VALUES ", ") v(x) WHERE x IS NULL"));
    }
}
