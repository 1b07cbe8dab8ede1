package io.pgweir.proxy.ledger;

import static io.pgweir.proxy.testkit.Frontend.bind;
import static io.pgweir.proxy.testkit.Frontend.execute;
import static io.pgweir.proxy.testkit.Frontend.join;
import static io.pgweir.proxy.testkit.Frontend.parse;
import static io.pgweir.proxy.testkit.Frontend.query;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static io.pgweir.proxy.testkit.Frontend.unnamed;

import java.util.List;

/** A way to write rows. */
enum Form {
    SIMPLE(1, false) {
        @Override
        List<Step> steps(List<Row> rows) {
            return List.of(Step.of(query(rows.get(0).insert())));
        }
    },
    UNNAMED(1, false) {
        @Override
        List<Step> steps(List<Row> rows) {
            return List.of(Step.of(unnamed(INSERT, rows.get(0).values()), sync()));
        }
    },
    NAMED(1, false) {
        @Override
        List<Step> steps(List<Row> rows) {
            return List.of(Step.of(named(rows.get(0)), sync()));
        }
    },
    /** Two statements up to one Sync, which are one transaction. */
    ONE_SYNC(2, false) {
        @Override
        List<Step> steps(List<Row> rows) {
            return List.of(Step.of(named(rows.get(0)), named(rows.get(1)), sync()));
        }
    },
    TRANSACTION(2, true) {
        @Override
        List<Step> steps(List<Row> rows) {
            return List.of(
                    Step.of(query("BEGIN")),
                    Step.of(query(rows.get(0).insert())),
                    Step.of(query(rows.get(1).insert())),
                    Step.of(query("COMMIT")));
        }
    },
    EXTENDED_TRANSACTION(2, true) {
        @Override
        List<Step> steps(List<Row> rows) {
            return List.of(
                    Step.of(unnamed("BEGIN"), sync()),
                    Step.of(named(rows.get(0)), sync()),
                    Step.of(unnamed(INSERT, rows.get(1).values()), sync()),
                    Step.of(unnamed("COMMIT"), sync()));
        }
    },
    NAMED_COMMIT(2, true) {
        @Override
        List<Step> steps(List<Row> rows) {
            return List.of(
                    Step.of(query("BEGIN")),
                    Step.of(named(rows.get(0)), named(rows.get(1)), sync()),
                    Step.of(bind("", "done"), execute("", 0), sync()));
        }
    },
    PIPELINE(2, true) {
        @Override
        List<Step> steps(List<Row> rows) {
            return List.of(new Step(
                    List.of(join(
                            query("BEGIN"),
                            query(rows.get(0).insert()),
                            query(rows.get(1).insert()),
                            query("COMMIT"))),
                    4));
        }
    },
    /** In two writes, the second without waiting for an answer to the first. */
    PIPELINE_IN_TWO(2, true) {
        @Override
        List<Step> steps(List<Row> rows) {
            return List.of(new Step(
                    List.of(
                            join(query("BEGIN"), query(rows.get(0).insert())),
                            join(query(rows.get(1).insert()), query("COMMIT"))),
                    4));
        }
    },
    ONE_QUERY(2, true) {
        @Override
        List<Step> steps(List<Row> rows) {
            return List.of(Step.of(
                    query("BEGIN; " + rows.get(0).insert() + "; " + rows.get(1).insert() + "; COMMIT")));
        }
    },
    ROLLED_BACK(2, true) {
        @Override
        List<Step> steps(List<Row> rows) {
            return List.of(
                    Step.of(query("BEGIN")),
                    Step.of(query(rows.get(0).insert())),
                    Step.of(named(rows.get(1)), sync()),
                    Step.of(query("ROLLBACK")));
        }
    };

    /** What each client prepares when it begins. */
    static final byte[] PREPARATION =
            join(parse("insert", "INSERT INTO ledger VALUES ($1, $2, $3, $4)"), parse("done", "COMMIT"), sync());

    private static final String INSERT = "INSERT INTO ledger VALUES ($1, $2, $3, $4)";

    private final int rows;
    private final boolean commits;

    Form(int rows, boolean commits) {
        this.rows = rows;
        this.commits = commits;
    }

    /** A row to be written; {@code client} and {@code n} are its id as numbers, to look for it by. */
    record Row(String id, String unit, int client, int n) {
        String insert() {
            return "INSERT INTO ledger VALUES ('" + id + "', '" + unit + "', " + client + ", " + n + ")";
        }

        String[] values() {
            return new String[] {id, unit, String.valueOf(client), String.valueOf(n)};
        }
    }

    /** What is sent before an answer is read, and how often ReadyForQuery comes. */
    record Step(List<byte[]> writes, int answers) {
        static Step of(byte[]... messages) {
            return new Step(List.of(join(messages)), 1);
        }
    }

    /** How many rows it writes, together. */
    int rows() {
        return rows;
    }

    /** Whether it ends with a statement that ends a transaction. */
    boolean commits() {
        return commits;
    }

    abstract List<Step> steps(List<Row> rows);

    private static byte[] named(Row row) {
        return join(bind("", "insert", row.values()), execute("", 0));
    }
}
