package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.bind;
import static io.pgweir.proxy.testkit.Frontend.closePortal;
import static io.pgweir.proxy.testkit.Frontend.closeStatement;
import static io.pgweir.proxy.testkit.Frontend.describeStatement;
import static io.pgweir.proxy.testkit.Frontend.execute;
import static io.pgweir.proxy.testkit.Frontend.flush;
import static io.pgweir.proxy.testkit.Frontend.parse;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static io.pgweir.proxy.testkit.Frontend.unnamed;

import io.pgweir.proxy.testkit.Frontend;
import java.util.List;

/** Prepared statements, named and unnamed, and what makes them come and go. */
final class StatementPrograms {
    private StatementPrograms() {}

    static List<WireProgram> all() {
        return List.of(
                WireProgram.named("a named statement over several syncs")
                        .send(parse("s1", "SELECT $1::int * 2"), describeStatement("s1"), sync())
                        .ready(1)
                        .send(use("s1", "21"), sync())
                        .ready(1)
                        .send(use("s1", "22"), use("s1", "23"), sync(), use("s1", "24"), sync())
                        .ready(2),
                WireProgram.named("describe alone")
                        .send(parse("s1", "SELECT $1::int AS x, $2::text AS y", 23, 25), sync())
                        .ready(1)
                        .send(describeStatement("s1"), sync())
                        .ready(1)
                        .send(describeStatement("s1"), flush())
                        .until('T')
                        .send(sync())
                        .ready(1),
                WireProgram.named("describe of a statement without rows")
                        .send(parse("s1", "INSERT INTO pairs VALUES ($1, $2)"), describeStatement("s1"), sync())
                        .ready(1),
                WireProgram.named("a name twice")
                        .send(parse("s1", "SELECT 1"), sync())
                        .ready(1)
                        .send(parse("s1", "SELECT 2"), use("s1"), sync())
                        .ready(1)
                        .send(use("s1"), sync())
                        .ready(1),
                WireProgram.named("a name twice in one pipeline")
                        .send(parse("s1", "SELECT 1"), parse("s1", "SELECT 1"), sync(), use("s1"), sync())
                        .ready(2),
                WireProgram.named("unknown names")
                        .send(bind("", "nobody"), execute("", 0), sync())
                        .ready(1)
                        .send(describeStatement("nobody"), sync())
                        .ready(1)
                        .send(closeStatement("nobody"), sync())
                        .ready(1),
                WireProgram.named("an unknown name in a transaction")
                        .query("BEGIN")
                        .query("SELECT 1")
                        .send(bind("", "nobody"), sync())
                        .ready(1)
                        .query("COMMIT"),
                WireProgram.named("an unknown name behind other messages")
                        .send(
                                unnamed("SELECT 1"),
                                bind("", "nobody"),
                                execute("", 0),
                                sync(),
                                unnamed("SELECT 2"),
                                sync())
                        .ready(2),
                WireProgram.named("a failed parse leaves its name free")
                        .send(parse("s1", "SELECT * FROM not_there"), sync())
                        .ready(1)
                        .send(use("s1"), sync())
                        .ready(1)
                        .send(parse("s1", "SELECT 'good'"), use("s1"), sync())
                        .ready(1),
                WireProgram.named("a failed parse leaves its name free within one pipeline")
                        .send(
                                parse("s1", "SELECT * FROM not_there"),
                                sync(),
                                parse("s1", "SELECT 'good'"),
                                use("s1"),
                                sync())
                        .ready(2)
                        .send(use("s1"), sync())
                        .ready(1),
                WireProgram.named("a skipped parse leaves its name free")
                        .send(unnamed("SELECT 1/0"), parse("s1", "SELECT 'skipped'"), sync())
                        .ready(1)
                        .send(use("s1"), sync())
                        .ready(1)
                        .send(parse("s1", "SELECT 'good'"), use("s1"), sync())
                        .ready(1),
                WireProgram.named("close, then the name again")
                        .send(parse("s1", "SELECT 1"), sync())
                        .ready(1)
                        .send(closeStatement("s1"), sync())
                        .ready(1)
                        .send(use("s1"), sync())
                        .ready(1)
                        .send(parse("s1", "SELECT 2"), use("s1"), sync())
                        .ready(1),
                WireProgram.named("close and parse in one pipeline")
                        .send(parse("s1", "SELECT 1"), closeStatement("s1"), parse("s1", "SELECT 2"), use("s1"), sync())
                        .ready(1),
                WireProgram.named("a skipped close keeps the statement")
                        .send(parse("s1", "SELECT 1"), sync())
                        .ready(1)
                        .send(unnamed("SELECT 1/0"), closeStatement("s1"), sync())
                        .ready(1)
                        .send(use("s1"), sync())
                        .ready(1),
                WireProgram.named("close of a portal keeps the statement of its name")
                        .query("BEGIN")
                        .send(parse("x", "SELECT 1"), bind("x", "x"), closePortal("x"), use("x"), sync())
                        .ready(1)
                        .query("COMMIT"),
                WireProgram.named("close of a statement keeps its portals")
                        .query("BEGIN")
                        .send(parse("x", "SELECT 1"), bind("x", "x"), closeStatement("x"), execute("x", 0), sync())
                        .ready(1)
                        .query("COMMIT"),
                WireProgram.named("the same text under two names")
                        .send(
                                parse("a", "SELECT 1"),
                                parse("b", "SELECT 1"),
                                use("a"),
                                use("b"),
                                closeStatement("a"),
                                use("b"),
                                sync())
                        .ready(1)
                        .send(use("a"), sync())
                        .ready(1),
                WireProgram.named("known and unknown statements in one pipeline")
                        .send(parse("a", "SELECT 'a'"), sync())
                        .ready(1)
                        .send(
                                parse("b", "SELECT 'b'"),
                                use("a"),
                                use("b"),
                                parse("c", "SELECT 'c'"),
                                closeStatement("a"),
                                use("c"),
                                sync())
                        .ready(1),
                WireProgram.named("the wrong number of parameters for a name")
                        .send(parse("s1", "SELECT $1::int, $2::int"), sync())
                        .ready(1)
                        .send(use("s1", "1"), sync())
                        .ready(1),
                WireProgram.named("a plan whose result type changes")
                        .query("CREATE TABLE IF NOT EXISTS changing (a int)")
                        .query("ALTER TABLE changing DROP COLUMN IF EXISTS b")
                        .send(parse("s1", "SELECT * FROM changing"), use("s1"), sync())
                        .ready(1)
                        .query("ALTER TABLE changing ADD COLUMN b text")
                        .send(bind("", "s1"), sync())
                        .ready(1)
                        .query("DROP TABLE changing")
                        .onOneBackend(),
                WireProgram.named("a plan whose result type changes, behind another statement of its unit")
                        .query("CREATE TABLE IF NOT EXISTS changing (a int)")
                        .query("ALTER TABLE changing DROP COLUMN IF EXISTS b")
                        .send(parse("s1", "SELECT * FROM changing"), use("s1"), parse("s2", "SELECT 'first'"), sync())
                        .ready(1)
                        .query("ALTER TABLE changing ADD COLUMN b text")
                        .send(use("s2"), bind("", "s1"), Frontend.describePortal(""), execute("", 0), sync())
                        .ready(1)
                        .query("DROP TABLE changing")
                        .onOneBackend(),
                WireProgram.named("an unnamed statement over several syncs")
                        .send(parse("", "SELECT $1::int + 5"), sync())
                        .ready(1)
                        .send(bind("", "", "1"), execute("", 0), sync())
                        .ready(1)
                        .send(describeStatement(""), bind("", "", "2"), execute("", 0), sync())
                        .ready(1),
                WireProgram.named("the unnamed statement replaced")
                        .send(parse("", "SELECT 'old'"), sync())
                        .ready(1)
                        .send(parse("", "SELECT 'new'"), sync())
                        .ready(1)
                        .send(bind("", ""), execute("", 0), sync())
                        .ready(1),
                WireProgram.named("the unnamed statement replaced within one pipeline")
                        .send(parse("", "SELECT 'old'"), sync(), parse("", "SELECT 'new'"), sync())
                        .ready(2)
                        .send(bind("", ""), execute("", 0), sync())
                        .ready(1),
                WireProgram.named("a failed unnamed parse destroys the one before")
                        .send(parse("", "SELECT 'old'"), sync())
                        .ready(1)
                        .send(parse("", "SELEC"), sync())
                        .ready(1)
                        .send(bind("", ""), execute("", 0), sync())
                        .ready(1),
                WireProgram.named("a skipped unnamed parse keeps the one before")
                        .send(parse("", "SELECT 'old'"), sync())
                        .ready(1)
                        .send(bind("", "nobody"), parse("", "SELECT 'new'"), sync())
                        .ready(1)
                        .send(bind("", ""), execute("", 0), sync())
                        .ready(1),
                WireProgram.named("a failed unnamed parse, then a good one, in one pipeline")
                        .send(parse("", "SELEC"), sync(), parse("", "SELECT 'good'"), sync())
                        .ready(2)
                        .send(bind("", ""), execute("", 0), sync())
                        .ready(1),
                WireProgram.named("no unnamed statement yet")
                        .send(bind("", ""), execute("", 0), sync())
                        .ready(1)
                        .send(describeStatement(""), sync())
                        .ready(1),
                WireProgram.named("a query destroys the unnamed statement")
                        .send(parse("", "SELECT 1"), sync())
                        .ready(1)
                        .query("SELECT 2")
                        .send(bind("", ""), execute("", 0), sync())
                        .ready(1),
                WireProgram.named("BEGIN destroys the unnamed statement")
                        .send(parse("", "SELECT 1"), sync())
                        .ready(1)
                        .query("BEGIN")
                        .send(bind("", ""), execute("", 0), sync())
                        .ready(1)
                        .query("ROLLBACK"),
                WireProgram.named("close of the unnamed statement")
                        .send(parse("", "SELECT 1"), closeStatement(""), sync())
                        .ready(1)
                        .send(bind("", ""), sync())
                        .ready(1),
                WireProgram.named("a long unnamed statement over two syncs")
                        .send(parse("", "SELECT length('" + "z".repeat(100_000) + "')"), sync())
                        .ready(1)
                        .send(bind("", ""), execute("", 0), sync())
                        .ready(1),
                WireProgram.named("a long named statement")
                        .send(parse("s1", "SELECT length('" + "z".repeat(400_000) + "')"), sync())
                        .ready(1)
                        .send(use("s1"), sync())
                        .ready(1),
                WireProgram.named("a named statement in a failed transaction")
                        .send(parse("s1", "SELECT 1"), parse("s2", "ROLLBACK"), use("s1"), sync())
                        .ready(1)
                        .query("BEGIN")
                        .query("SELECT 1/0")
                        .send(use("s1"), sync())
                        .ready(1)
                        .send(parse("s3", "SELECT 1"), sync())
                        .ready(1)
                        .send(describeStatement("s1"), sync())
                        .ready(1)
                        .send(use("s2"), sync())
                        .ready(1)
                        .send(use("s3"), sync())
                        .ready(1),
                WireProgram.named("more statements than are kept")
                        .send(manyStatements(60))
                        .ready(1)
                        .send(manyUses(60))
                        .ready(1)
                        .send(manyUses(60))
                        .ready(1),
                WireProgram.named("a parse of a known text after an unknown name in the same unit")
                        .send(parse("a", "SELECT 'a'"), use("a"), sync())
                        .ready(1)
                        .send(use("a"), bind("", "nobody"), sync())
                        .ready(1)
                        .send(closeStatement("a"), parse("b", "SELECT 'a'"), use("b"), sync())
                        .ready(1),
                WireProgram.named("names of many kinds")
                        .send(
                                parse("ä ö", "SELECT 1"),
                                parse("with \"quotes\"", "SELECT 2"),
                                parse("n".repeat(200), "SELECT 3"),
                                use("ä ö"),
                                use("with \"quotes\""),
                                use("n".repeat(200)),
                                sync())
                        .ready(1));
    }

    /** Bind and Execute of a named statement, by the unnamed portal. */
    static byte[] use(String name, String... parameters) {
        return Frontend.join(bind("", name, parameters), execute("", 0));
    }

    private static byte[] manyStatements(int count) {
        byte[] all = {};
        for (int i = 0; i < count; i++) {
            all = Frontend.join(all, parse("many" + i, "SELECT " + i), use("many" + i));
        }
        return Frontend.join(all, sync());
    }

    private static byte[] manyUses(int count) {
        byte[] all = {};
        for (int i = count - 1; i >= 0; i--) {
            all = Frontend.join(all, use("many" + i));
        }
        return Frontend.join(all, sync());
    }
}
