package io.pgweir.proxy.session;

import static io.pgweir.proxy.session.StatementPrograms.use;
import static io.pgweir.proxy.testkit.Frontend.parse;
import static io.pgweir.proxy.testkit.Frontend.query;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static io.pgweir.proxy.testkit.Frontend.unnamed;

import io.pgweir.proxy.testkit.Frontend;
import java.util.List;

/** DEALLOCATE and DISCARD, which take one client's statements and must leave everybody else's. */
final class DeallocatePrograms {
    private DeallocatePrograms() {}

    static List<WireProgram> all() {
        return List.of(
                WireProgram.named("deallocate by query")
                        .send(parse("s1", "SELECT 1"), parse("s2", "SELECT 2"), sync())
                        .ready(1)
                        .query("DEALLOCATE s1")
                        .send(use("s1"), sync())
                        .ready(1)
                        .send(use("s2"), sync())
                        .ready(1)
                        .query("DEALLOCATE PREPARE \"s2\"")
                        .send(use("s2"), sync())
                        .ready(1)
                        .query("DEALLOCATE s2"),
                WireProgram.named("deallocate by the extended protocol")
                        .send(parse("s1", "SELECT 1"), sync())
                        .ready(1)
                        .send(unnamed("DEALLOCATE s1"), sync())
                        .ready(1)
                        .send(use("s1"), sync())
                        .ready(1)
                        .send(parse("s1", "SELECT 2"), use("s1"), sync())
                        .ready(1),
                WireProgram.named("deallocate of an unknown name by the extended protocol")
                        .send(unnamed("DEALLOCATE nobody"), sync())
                        .ready(1),
                WireProgram.named("deallocate of an unknown name as the first statement of a transaction")
                        .query("BEGIN")
                        .query("DEALLOCATE nobody")
                        .query("COMMIT AND CHAIN")
                        .query("SELECT 1")
                        .query("ROLLBACK"),
                WireProgram.named("deallocate in a transaction")
                        .query("BEGIN")
                        .query("SELECT 1")
                        .send(parse("s1", "SELECT 1"), sync())
                        .ready(1)
                        .query("DEALLOCATE s1")
                        .send(use("s1"), sync())
                        .ready(1)
                        .query("ROLLBACK"),
                WireProgram.named("deallocate in a failed transaction")
                        .send(parse("s1", "SELECT 's1'"), use("s1"), sync())
                        .ready(1)
                        .query("BEGIN")
                        .query("SELECT 1/0")
                        .query("DEALLOCATE s1")
                        .query("ROLLBACK")
                        .send(use("s1"), sync())
                        .ready(1),
                WireProgram.named("deallocate in a failed transaction by the extended protocol")
                        .send(parse("s1", "SELECT 's1'"), use("s1"), sync())
                        .ready(1)
                        .query("BEGIN")
                        .query("SELECT 1/0")
                        .send(unnamed("DEALLOCATE s1"), sync())
                        .ready(1)
                        .query("ROLLBACK")
                        .send(use("s1"), sync())
                        .ready(1),
                WireProgram.named("deallocate all by query")
                        .send(parse("s1", "SELECT 1"), use("s1"), sync())
                        .ready(1)
                        .query("DEALLOCATE ALL")
                        .send(use("s1"), sync())
                        .ready(1)
                        .send(parse("s1", "SELECT 2"), use("s1"), sync())
                        .ready(1),
                WireProgram.named("deallocate all by the extended protocol")
                        .send(parse("s1", "SELECT 1"), sync())
                        .ready(1)
                        .send(unnamed("DEALLOCATE ALL"), sync())
                        .ready(1)
                        .send(use("s1"), sync())
                        .ready(1)
                        .send(parse("s1", "SELECT 2"), use("s1"), sync())
                        .ready(1),
                WireProgram.named("deallocate all in a transaction, then the same again")
                        .query("BEGIN")
                        .send(parse("s1", "SELECT 1"), use("s1"), sync())
                        .ready(1)
                        .query("DEALLOCATE ALL")
                        .send(parse("s1", "SELECT 1"), use("s1"), sync())
                        .ready(1)
                        .query("COMMIT")
                        .send(use("s1"), sync())
                        .ready(1),
                WireProgram.named("deallocate all and parse in one pipeline")
                        .query("BEGIN")
                        .send(parse("s1", "SELECT 1"), use("s1"), sync())
                        .ready(1)
                        .send(query("DEALLOCATE ALL"), parse("s1", "SELECT 1"), use("s1"), sync())
                        .ready(2)
                        .query("COMMIT")
                        .send(use("s1"), sync())
                        .ready(1),
                WireProgram.named("deallocate and parse in one pipeline")
                        .query("BEGIN")
                        .send(parse("s1", "SELECT 1"), use("s1"), sync())
                        .ready(1)
                        .send(query("DEALLOCATE s1"), parse("s1", "SELECT 1"), use("s1"), sync())
                        .ready(2)
                        .query("COMMIT")
                        .send(use("s1"), sync())
                        .ready(1),
                WireProgram.named("discard all")
                        .send(parse("s1", "SELECT 1"), sync())
                        .ready(1)
                        .query("SET DateStyle TO SQL")
                        .query("DISCARD ALL")
                        .send(use("s1"), sync())
                        .ready(1)
                        .query("SHOW DateStyle"),
                WireProgram.named("discard all in a transaction")
                        .query("BEGIN")
                        .query("DISCARD ALL")
                        .query("ROLLBACK"),
                WireProgram.named("discard plans keeps names")
                        .send(parse("s1", "SELECT 1"), sync())
                        .ready(1)
                        .query("DISCARD PLANS")
                        .send(use("s1"), sync())
                        .ready(1),
                WireProgram.named("names in SQL and in the protocol are the same")
                        .query("PREPARE q AS SELECT 'by sql'")
                        .send(use("q"), sync())
                        .ready(1)
                        .query("EXECUTE q")
                        .query("DEALLOCATE q")
                        .query("EXECUTE q"),
                WireProgram.named("deallocate in a pipeline of queries")
                        .send(parse("s1", "SELECT 1"), sync())
                        .ready(1)
                        .send(
                                query("BEGIN"),
                                query("SELECT 1"),
                                query("DEALLOCATE s1"),
                                query("DEALLOCATE s1"),
                                query("SELECT 2"))
                        .ready(5)
                        .query("ROLLBACK"),
                WireProgram.named("deallocate and copy in one query")
                        .send(parse("s1", "SELECT 1"), sync())
                        .ready(1)
                        .send(
                                query("DEALLOCATE ALL; COPY copied FROM STDIN"),
                                Frontend.copyData("1\tx\n"),
                                Frontend.copyDone())
                        .ready(1)
                        .send(use("s1"), sync())
                        .ready(1));
    }
}
