package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.bind;
import static io.pgweir.proxy.testkit.Frontend.copyData;
import static io.pgweir.proxy.testkit.Frontend.copyDone;
import static io.pgweir.proxy.testkit.Frontend.copyFail;
import static io.pgweir.proxy.testkit.Frontend.execute;
import static io.pgweir.proxy.testkit.Frontend.flush;
import static io.pgweir.proxy.testkit.Frontend.parse;
import static io.pgweir.proxy.testkit.Frontend.query;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static io.pgweir.proxy.testkit.Frontend.unnamed;

import io.pgweir.proxy.testkit.Frontend;
import java.util.List;

/** COPY in both directions and both protocols, ended well and badly. */
final class CopyPrograms {
    private static final String IN = "COPY copied FROM STDIN";

    private CopyPrograms() {}

    static List<WireProgram> all() {
        return List.of(
                WireProgram.named("copy out").query("COPY (SELECT * FROM pairs ORDER BY id) TO STDOUT"),
                WireProgram.named("copy out of much")
                        .query("COPY (SELECT g, repeat('c', 100) FROM generate_series(1, 3000) g) TO STDOUT"),
                WireProgram.named("copy out by the extended protocol")
                        .send(unnamed("COPY pairs TO STDOUT (FORMAT csv)"), sync())
                        .ready(1),
                WireProgram.named("copy in")
                        .send(query(IN))
                        .until('G')
                        .send(copyData("1\tx\n"), copyData("2\ty\n"), copyDone())
                        .ready(1)
                        .query("SELECT * FROM copied ORDER BY a"),
                WireProgram.named("copy in without waiting")
                        .send(query(IN), copyData("1\tx\n"), copyDone(), query("SELECT count(*) FROM copied"))
                        .ready(2),
                WireProgram.named("copy in, rows cut anywhere")
                        .send(query(IN))
                        .until('G')
                        .send(copyData("1\t"), copyData("x\n2"), copyData(""), copyData("\ty\n"), copyDone())
                        .ready(1)
                        .query("SELECT * FROM copied ORDER BY a"),
                WireProgram.named("copy in fails by the client")
                        .send(query(IN))
                        .until('G')
                        .send(copyData("1\tx\n"), copyFail("no more"))
                        .ready(1)
                        .query("SELECT count(*) FROM copied"),
                WireProgram.named("copy in fails by the server")
                        .send(query(IN))
                        .until('G')
                        .send(copyData("not a number\tx\n"), copyData("2\ty\n"), copyDone())
                        .ready(1)
                        .query("SELECT count(*) FROM copied"),
                WireProgram.named("late copy data after the error")
                        .send(query(IN))
                        .until('G')
                        .send(copyData("wrong\tx\n"))
                        .ready(1)
                        .send(copyData("2\ty\n"), copyDone(), query("SELECT count(*) FROM copied"))
                        .ready(1),
                WireProgram.named("late copy data after the error, in a transaction")
                        .query("BEGIN")
                        .query("SELECT 1")
                        .send(query(IN))
                        .until('G')
                        .send(copyData("wrong\tx\n"))
                        .ready(1)
                        .send(copyData("2\ty\n"), copyDone(), query("ROLLBACK"))
                        .ready(1),
                WireProgram.named("copy in is refused")
                        .send(query("COPY no_such_table FROM STDIN"), copyData("1\tx\n"), copyDone())
                        .ready(1)
                        .query("SELECT 1"),
                WireProgram.named("two copies in one query")
                        .send(query(IN + "; COPY copied FROM STDIN"))
                        .until('G')
                        .send(copyData("1\tx\n"), copyDone())
                        .until('G')
                        .send(copyData("2\ty\n"), copyDone())
                        .ready(1)
                        .query("SELECT count(*) FROM copied"),
                WireProgram.named("two copies in one query without waiting")
                        .send(
                                query(IN + "; COPY copied FROM STDIN"),
                                copyData("1\tx\n"),
                                copyDone(),
                                copyData("2\ty\n"),
                                copyDone(),
                                query("SELECT count(*) FROM copied"))
                        .ready(2),
                WireProgram.named("flush and sync while copying")
                        .send(query(IN))
                        .until('G')
                        .send(flush(), sync(), copyData("1\tx\n"), sync(), copyDone())
                        .ready(1)
                        .query("SELECT count(*) FROM copied"),
                WireProgram.named("copy in a transaction")
                        .query("BEGIN")
                        .send(query(IN))
                        .until('G')
                        .send(copyData("1\tx\n"), copyDone())
                        .ready(1)
                        .query("ROLLBACK")
                        .query("SELECT count(*) FROM copied"),
                WireProgram.named("copy in by the extended protocol")
                        .send(unnamed(IN), flush())
                        .until('G')
                        .send(copyData("1\tx\n"), copyDone(), sync())
                        .ready(1)
                        .query("SELECT count(*) FROM copied"),
                WireProgram.named("copy in by the extended protocol, sync behind execute")
                        .send(unnamed(IN), sync())
                        .until('G')
                        .send(copyData("1\tx\n"), copyDone(), sync())
                        .ready(1)
                        .query("SELECT count(*) FROM copied"),
                WireProgram.named("copy in by the extended protocol, all at once")
                        .send(unnamed(IN), sync(), copyData("1\tx\n"), copyDone(), sync())
                        .ready(1)
                        .query("SELECT count(*) FROM copied"),
                WireProgram.named("copy in by the extended protocol, all at once, and more")
                        .send(
                                unnamed(IN),
                                copyData("1\tx\n"),
                                copyDone(),
                                unnamed("SELECT count(*) FROM copied"),
                                sync(),
                                query("SELECT 1"))
                        .ready(2),
                WireProgram.named("copy in by the extended protocol fails by the client")
                        .send(unnamed(IN), sync())
                        .until('G')
                        .send(copyData("1\tx\n"), copyFail("no"), sync())
                        .ready(1)
                        .query("SELECT count(*) FROM copied"),
                WireProgram.named("copy in by the extended protocol fails by the server")
                        .send(unnamed(IN), sync())
                        .until('G')
                        .send(copyData("wrong\tx\n"))
                        .until('E')
                        .send(copyData("2\ty\n"), copyDone(), sync())
                        .ready(1)
                        .query("SELECT count(*) FROM copied"),
                WireProgram.named("copy in by the extended protocol fails by the server, sync at once")
                        .send(unnamed(IN), flush())
                        .until('G')
                        .send(copyData("wrong\tx\n"), copyData("2\ty\n"), copyDone(), sync())
                        .ready(1)
                        .query("SELECT count(*) FROM copied"),
                WireProgram.named("copy in by the extended protocol is refused")
                        .send(unnamed("COPY no_such_table FROM STDIN"), sync())
                        .ready(1)
                        .send(copyData("1\tx\n"), copyDone(), query("SELECT 1"))
                        .ready(1),
                WireProgram.named("copy in by a named statement")
                        .send(parse("cp", IN), sync())
                        .ready(1)
                        .send(bind("", "cp"), execute("", 0), sync())
                        .until('G')
                        .send(copyData("1\tx\n"), copyDone(), sync())
                        .ready(1)
                        .query("SELECT count(*) FROM copied"),
                WireProgram.named("stray copy messages when idle")
                        .send(copyData("1\tx\n"), copyDone(), copyFail("x"), query("SELECT 1"))
                        .ready(1),
                WireProgram.named("stray copy messages in a transaction")
                        .query("BEGIN")
                        .query("SELECT 1")
                        .send(copyData("1\tx\n"), copyDone(), copyFail("x"), query("COMMIT"))
                        .ready(1),
                WireProgram.named("stray copy messages in a pipeline")
                        .send(
                                query("SELECT 1"),
                                copyDone(),
                                query("SELECT 2"),
                                copyFail("x"),
                                copyData("z"),
                                unnamed("SELECT 3"),
                                copyDone(),
                                sync())
                        .ready(3),
                WireProgram.named("much copy data")
                        .send(query(IN), rows(5000), copyDone())
                        .ready(1)
                        .query("SELECT count(*), sum(a) FROM copied"));
    }

    private static byte[] rows(int count) {
        byte[][] rows = new byte[count][];
        for (int i = 0; i < count; i++) {
            rows[i] = copyData(i + "\t" + "r".repeat(i % 90) + "\n");
        }
        return Frontend.join(rows);
    }
}
