package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.bind;
import static io.pgweir.proxy.testkit.Frontend.execute;
import static io.pgweir.proxy.testkit.Frontend.parse;
import static io.pgweir.proxy.testkit.Frontend.query;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static io.pgweir.proxy.testkit.Frontend.unnamed;

import java.util.List;

/** Transactions: begun, deferred, failed, ended, with and without a statement in between. */
final class TransactionPrograms {
    private TransactionPrograms() {}

    static List<WireProgram> all() {
        return List.of(
                WireProgram.named("commit")
                        .query("BEGIN")
                        .query("INSERT INTO pairs VALUES (30, 'x')")
                        .query("COMMIT")
                        .query("SELECT count(*) FROM pairs"),
                WireProgram.named("rollback")
                        .query("BEGIN")
                        .query("INSERT INTO pairs VALUES (31, 'x')")
                        .query("ROLLBACK")
                        .query("SELECT count(*) FROM pairs"),
                WireProgram.named("nothing between begin and commit")
                        .query("BEGIN")
                        .query("COMMIT")
                        .query("BEGIN")
                        .query("ROLLBACK")
                        .query("START TRANSACTION")
                        .query("END")
                        .query("begin work")
                        .query("abort transaction"),
                WireProgram.named("begin with modes")
                        .query("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                        .query("SHOW transaction_isolation")
                        .query("SHOW transaction_read_only")
                        .query("INSERT INTO pairs VALUES (32, 'x')")
                        .query("ROLLBACK"),
                WireProgram.named("start transaction with modes")
                        .query("START TRANSACTION READ ONLY ISOLATION LEVEL SERIALIZABLE DEFERRABLE")
                        .query("SHOW transaction_deferrable")
                        .query("COMMIT"),
                WireProgram.named("set transaction")
                        .query("BEGIN")
                        .query("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
                        .query("SET TRANSACTION READ ONLY")
                        .query("SHOW transaction_isolation")
                        .query("SHOW transaction_read_only")
                        .query("COMMIT"),
                WireProgram.named("set transaction many times")
                        .query("BEGIN")
                        .query("SET TRANSACTION READ ONLY")
                        .query("SET TRANSACTION READ ONLY")
                        .query("SET TRANSACTION READ ONLY")
                        .query("SET TRANSACTION READ ONLY")
                        .query("SET TRANSACTION READ ONLY")
                        .query("SHOW transaction_read_only")
                        .query("COMMIT"),
                WireProgram.named("set transaction too late")
                        .query("BEGIN")
                        .query("SELECT 1")
                        .query("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
                        .query("ROLLBACK"),
                WireProgram.named("set transaction outside")
                        .query("SET TRANSACTION READ ONLY")
                        .query("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE"),
                WireProgram.named("a wrong mode")
                        .query("BEGIN ISOLATION LEVEL CHAOS")
                        .query("SELECT 1")
                        .query("BEGIN")
                        .query("SET TRANSACTION ISOLATION LEVEL CHAOS")
                        .query("ROLLBACK"),
                WireProgram.named("begin twice")
                        .query("BEGIN")
                        .query("BEGIN")
                        .query("SELECT 1")
                        .query("COMMIT"),
                WireProgram.named("begin with a comment and a semicolon")
                        .query("/* a */ BEGIN /* b */ ; -- c")
                        .query("SELECT 1")
                        .query("COMMIT ;;"),
                WireProgram.named("begin and a statement in one query")
                        .query("BEGIN; SELECT 1")
                        .query("COMMIT"),
                WireProgram.named("begin and a statement in one pipeline")
                        .send(query("BEGIN"), query("SELECT 1"), query("COMMIT"))
                        .ready(3),
                WireProgram.named("begin, an error and commit in one pipeline")
                        .send(query("BEGIN"), query("SELECT 1/0"), query("SELECT 2"), query("COMMIT"))
                        .ready(4),
                WireProgram.named("many transactions in one pipeline")
                        .send(
                                query("BEGIN"),
                                query("INSERT INTO pairs VALUES (33, 'x')"),
                                query("COMMIT"),
                                query("BEGIN"),
                                query("SELECT count(*) FROM pairs"),
                                query("ROLLBACK"),
                                query("SELECT 1"))
                        .ready(7),
                WireProgram.named("begin, then the extended protocol")
                        .query("BEGIN")
                        .send(unnamed("INSERT INTO pairs VALUES (34, 'x')"), sync())
                        .ready(1)
                        .send(unnamed("COMMIT"), sync())
                        .ready(1)
                        .query("SELECT count(*) FROM pairs"),
                WireProgram.named("begin by the extended protocol")
                        .send(unnamed("BEGIN"), sync())
                        .ready(1)
                        .send(unnamed("INSERT INTO pairs VALUES (35, 'x')"), sync())
                        .ready(1)
                        .send(unnamed("ROLLBACK"), sync())
                        .ready(1)
                        .query("SELECT count(*) FROM pairs"),
                WireProgram.named("begin, then only syncs")
                        .query("BEGIN")
                        .send(sync(), sync())
                        .ready(2)
                        .query("COMMIT"),
                WireProgram.named("begin, then an empty query")
                        .query("BEGIN")
                        .query("")
                        .query("COMMIT"),
                WireProgram.named("begin, then a syntax error")
                        .query("BEGIN")
                        .query("SELEC")
                        .query("SELECT 1")
                        .query("COMMIT")
                        .query("SELECT 2"),
                WireProgram.named("begin, then commit by the extended protocol")
                        .query("BEGIN")
                        .send(unnamed("COMMIT"), sync())
                        .ready(1),
                WireProgram.named("begin, then parse alone")
                        .query("BEGIN")
                        .send(parse("", "SELECT 1"), sync())
                        .ready(1)
                        .send(bind("", ""), execute("", 0), sync())
                        .ready(1)
                        .query("COMMIT"),
                WireProgram.named("an execute after a failed transaction")
                        .query("BEGIN")
                        .query("SELECT 1/0")
                        .send(unnamed("SELECT 1"), sync())
                        .ready(1)
                        .send(unnamed("ROLLBACK"), sync())
                        .ready(1)
                        .send(unnamed("SELECT 1"), sync())
                        .ready(1),
                WireProgram.named("commit of a failed transaction")
                        .query("BEGIN")
                        .query("INSERT INTO pairs VALUES (36, 'x')")
                        .query("SELECT 1/0")
                        .query("COMMIT")
                        .query("SELECT count(*) FROM pairs"),
                WireProgram.named("commit of a failed transaction by the extended protocol")
                        .query("BEGIN")
                        .query("SELECT 1/0")
                        .send(unnamed("COMMIT"), sync())
                        .ready(1),
                WireProgram.named("an empty query in a failed transaction")
                        .query("BEGIN")
                        .query("SELECT 1/0")
                        .query("")
                        .send(unnamed(""), sync())
                        .ready(1)
                        .send(sync())
                        .ready(1)
                        .query("ROLLBACK"),
                WireProgram.named("savepoints")
                        .query("BEGIN")
                        .query("SAVEPOINT a")
                        .query("INSERT INTO pairs VALUES (37, 'x')")
                        .query("SELECT 1/0")
                        .query("SELECT 1")
                        .query("ROLLBACK TO a")
                        .query("SELECT count(*) FROM pairs")
                        .query("RELEASE a")
                        .query("COMMIT"),
                WireProgram.named("rollback to is no end")
                        .query("BEGIN")
                        .query("SAVEPOINT a")
                        .query("SELECT 1/0")
                        .query("ROLLBACK TRANSACTION TO SAVEPOINT a")
                        .query("SELECT 1")
                        .query("ROLLBACK TO nowhere")
                        .query("ROLLBACK"),
                WireProgram.named("rollback to, right after begin")
                        .query("BEGIN")
                        .query("ROLLBACK TO a")
                        .query("SELECT 1")
                        .query("ROLLBACK"),
                WireProgram.named("commit and chain")
                        .query("BEGIN ISOLATION LEVEL SERIALIZABLE")
                        .query("COMMIT AND CHAIN")
                        .query("SHOW transaction_isolation")
                        .query("ROLLBACK AND CHAIN")
                        .query("SHOW transaction_isolation")
                        .query("COMMIT AND NO CHAIN"),
                WireProgram.named("commit in the middle of a query in a transaction")
                        .query("BEGIN")
                        .query("INSERT INTO pairs VALUES (38, 'x'); COMMIT; SELECT count(*) FROM pairs")
                        .query("ROLLBACK"),
                WireProgram.named("commit prepared of nothing")
                        .query("COMMIT PREPARED 'nothing'")
                        .query("BEGIN")
                        .query("ROLLBACK PREPARED 'nothing'")
                        .query("ROLLBACK"),
                WireProgram.named("a deferred constraint fails at commit")
                        .query("TRUNCATE late")
                        .query("BEGIN")
                        .query("INSERT INTO late VALUES (1), (1)")
                        .query("COMMIT")
                        .query("SELECT count(*) FROM late"),
                WireProgram.named("a cursor")
                        .query("BEGIN")
                        .query("DECLARE c CURSOR FOR SELECT g FROM generate_series(1, 9) g")
                        .query("FETCH 3 FROM c")
                        .query("MOVE 2 IN c")
                        .query("FETCH ALL FROM c")
                        .query("CLOSE c")
                        .query("COMMIT")
                        .query("FETCH 1 FROM c"),
                WireProgram.named("begin, then settings")
                        .query("BEGIN")
                        .query("SET LOCAL my.x = 'in'")
                        .query("SHOW my.x")
                        .query("COMMIT"),
                WireProgram.named("begin, then listen and notify within the transaction")
                        .query("BEGIN")
                        .query("NOTIFY nobody_listens")
                        .query("ROLLBACK"),
                WireProgram.named("begin; end; in capitals and with noise")
                        .query("BeGiN   TRANSACTION")
                        .query("eNd WoRk;"),
                WireProgram.named("words that only look like begin")
                        .query("BEGINNING")
                        .query("\"BEGIN\"")
                        .query("BEGIN X")
                        .query("START")
                        .query("COMMIT"));
    }
}
