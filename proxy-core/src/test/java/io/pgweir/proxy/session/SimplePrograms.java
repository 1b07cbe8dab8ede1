package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.functionCall;
import static io.pgweir.proxy.testkit.Frontend.query;
import static io.pgweir.proxy.testkit.Frontend.raw;
import static io.pgweir.proxy.testkit.Frontend.sync;

import io.pgweir.proxy.testkit.Frontend;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The simple protocol: Query and FunctionCall. */
final class SimplePrograms {
    private static final int ABS = 1397;
    private static final int DIVIDE = 154;

    private SimplePrograms() {}

    static List<WireProgram> all() {
        return List.of(
                WireProgram.named("one query").query("SELECT 1 AS a, NULL AS b, 'ä' AS c"),
                WireProgram.named("rows").query("SELECT * FROM pairs ORDER BY id"),
                WireProgram.named("an empty query").query(""),
                WireProgram.named("blanks and comments only").query("  /* nothing */ -- here\n ;; "),
                WireProgram.named("a syntax error").query("SELEC 1").query("SELECT 2"),
                WireProgram.named("an unknown table").query("SELECT * FROM no_such_table"),
                WireProgram.named("several statements")
                        .query("SELECT 1; SELECT 2; INSERT INTO pairs VALUES (9, 'nine')"),
                WireProgram.named("an error in the middle of several statements")
                        .query("INSERT INTO pairs VALUES (10, 'x'); SELECT 1/0; SELECT 3")
                        .query("SELECT count(*) FROM pairs"),
                WireProgram.named("a transaction within one query")
                        .query("BEGIN; INSERT INTO pairs VALUES (11, 'x'); COMMIT; SELECT count(*) FROM pairs"),
                WireProgram.named("begin, error and commit within one query")
                        .query("BEGIN; SELECT 1/0; COMMIT")
                        .query("SELECT 1")
                        .query("ROLLBACK"),
                WireProgram.named("commit in the middle of one query")
                        .query("INSERT INTO pairs VALUES (12, 'x'); COMMIT; SELECT 1/0")
                        .query("SELECT count(*) FROM pairs"),
                WireProgram.named("queries in a pipeline")
                        .send(query("SELECT 1"), query("SELECT 1/0"), query(""), query("SELECT 3"))
                        .ready(4),
                WireProgram.named("two hundred queries in a pipeline")
                        .send(many(200))
                        .ready(200),
                WireProgram.named("queries and syncs in a pipeline")
                        .send(sync(), query("SELECT 1"), sync(), sync(), query("SELECT 2"), sync())
                        .ready(6),
                WireProgram.named("a notice").query("DO $$ BEGIN RAISE NOTICE 'hello %', 1; END $$"),
                WireProgram.named("a warning outside a transaction")
                        .query("COMMIT")
                        .query("ROLLBACK")
                        .query("SET LOCAL work_mem = '1MB'"),
                WireProgram.named("an error with all its fields")
                        .query("INSERT INTO pairs VALUES (1, 'again')")
                        .query(
                                "DO $$ BEGIN RAISE EXCEPTION 'm' USING DETAIL = 'd', HINT = 'h', ERRCODE = 'P1234'; END $$"),
                WireProgram.named("a very long error")
                        .query("DO $$ BEGIN RAISE EXCEPTION '%', repeat('x', 200000); END $$"),
                WireProgram.named("a function call").send(call(ABS, "-7")).ready(1),
                WireProgram.named("function calls in a pipeline, one of them wrong")
                        .send(call(ABS, "-7"), call(DIVIDE, "1", "0"), call(ABS, "-8"), query("SELECT 1"))
                        .ready(4),
                WireProgram.named("an unknown function").send(call(1, "1")).ready(1),
                WireProgram.named("a function call in a transaction")
                        .query("BEGIN")
                        .send(call(ABS, "-1"))
                        .ready(1)
                        .send(call(DIVIDE, "1", "0"))
                        .ready(1)
                        .send(call(ABS, "-1"))
                        .ready(1)
                        .query("ROLLBACK"),
                WireProgram.named("every byte in a string")
                        .query("SELECT $q$" + everyCharacter() + "$q$, length($q$" + everyCharacter() + "$q$)"),
                WireProgram.named("text that is not UTF-8")
                        .send(raw('Q', notUtf8("SELECT '", "'")))
                        .ready(1)
                        .query("SELECT 1"),
                WireProgram.named("a zero inside a query")
                        .send(raw('Q', "SELECT 1\0; SELECT 2\0".getBytes(StandardCharsets.UTF_8)))
                        .ready(1),
                WireProgram.named("quotes, comments and dollars that hide semicolons")
                        .query(
                                "SELECT ';BEGIN', $$;COMMIT$$, $a$;$b$;$a$, /* ; /* ; */ ; */ \"ok;\" -- ;\n FROM (SELECT 1 AS \"ok;\") x"),
                WireProgram.named("a large row")
                        .query("SELECT repeat('x', 3000000)")
                        .answeredAtLength(),
                WireProgram.named("many rows").query("SELECT g, repeat('y', g % 50) FROM generate_series(1, 3000) g"),
                WireProgram.named("a long query").query("SELECT length('" + "z".repeat(300_000) + "')"),
                WireProgram.named("a row that looks like messages")
                        .query("SELECT E'Z\\x00\\x00I'")
                        .query("SELECT decode('5a0000000549', 'hex')"),
                WireProgram.named("no columns, no rows")
                        .query("SELECT")
                        .query("SELECT 1 WHERE false")
                        .query("SELECT FROM pairs"),
                WireProgram.named("set and show")
                        .query("SET DateStyle TO German")
                        .query("SELECT DATE '2024-02-03'")
                        .query("SHOW DateStyle")
                        .query("SET DateStyle TO nonsense")
                        .query("RESET DateStyle")
                        .query("SELECT DATE '2024-02-03'"),
                WireProgram.named("set in a transaction that is rolled back")
                        .query("BEGIN")
                        .query("SET TimeZone TO 'Asia/Tokyo'")
                        .query("SHOW TimeZone")
                        .query("ROLLBACK")
                        .query("SHOW TimeZone"),
                WireProgram.named("set local")
                        .query("BEGIN")
                        .query("SET LOCAL DateStyle TO SQL")
                        .query("SHOW DateStyle")
                        .query("COMMIT")
                        .query("SHOW DateStyle"),
                WireProgram.named("a setting of the user's own")
                        .query("SET my.setting = 'it''s \"mine\"'")
                        .query("SHOW my.setting")
                        .query("SELECT current_setting('my.setting')")
                        .onOneBackend(),
                WireProgram.named("a parameter without a value").query("SHOW no.such_setting"),
                WireProgram.named("client encoding")
                        .query("SET client_encoding TO latin1")
                        .query("SELECT 'a'")
                        .query("RESET client_encoding"));
    }

    private static byte[] call(int function, String... arguments) {
        byte[][] values = new byte[arguments.length][];
        for (int i = 0; i < arguments.length; i++) {
            values[i] = arguments[i].getBytes(StandardCharsets.US_ASCII);
        }
        return functionCall(function, List.of(0), values, 0);
    }

    private static byte[] many(int count) {
        byte[][] queries = new byte[count][];
        for (int i = 0; i < count; i++) {
            queries[i] = query("SELECT " + i);
        }
        return Frontend.join(queries);
    }

    static String everyCharacter() {
        StringBuilder text = new StringBuilder();
        for (char c = 1; c < 256; c++) {
            text.append(c == '$' ? ' ' : c);
        }
        return text.toString();
    }

    private static byte[] notUtf8(String before, String after) {
        return Frontend.join(
                before.getBytes(StandardCharsets.US_ASCII),
                new byte[] {(byte) 0xff, (byte) 0xfe, (byte) 0x80},
                after.getBytes(StandardCharsets.US_ASCII),
                new byte[1]);
    }
}
