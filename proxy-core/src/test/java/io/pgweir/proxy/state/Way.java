package io.pgweir.proxy.state;

import java.util.ArrayList;
import java.util.List;

/** How a client makes a piece of state. */
enum Way {
    SIMPLE("by simple queries") {
        @Override
        List<Exchange> of(StateKind kind) {
            return kind.statements().stream().map(Exchange::query).toList();
        }
    },
    EXTENDED("by the extended protocol") {
        @Override
        List<Exchange> of(StateKind kind) {
            return kind.statements().stream().map(sql -> Exchange.unnamed(sql)).toList();
        }
    },
    COMMITTED("in a committed transaction") {
        @Override
        List<Exchange> of(StateKind kind) {
            return between(kind, List.of("BEGIN"), List.of("COMMIT"));
        }
    },
    ROLLED_BACK("in a transaction rolled back") {
        @Override
        List<Exchange> of(StateKind kind) {
            return between(kind, List.of("BEGIN"), List.of("ROLLBACK"));
        }
    },
    SAVEPOINT_ROLLED_BACK("in a savepoint rolled back") {
        @Override
        List<Exchange> of(StateKind kind) {
            return between(kind, List.of("BEGIN", "SAVEPOINT s"), List.of("ROLLBACK TO SAVEPOINT s", "COMMIT"));
        }
    },
    FUNCTION("by a function in a `SELECT`, unchecked") {
        @Override
        List<Exchange> of(StateKind kind) {
            return byFunction(kind);
        }
    },
    CHECKED_FUNCTION("by a function in a `SELECT`, checked") {
        @Override
        boolean isChecked() {
            return true;
        }

        @Override
        List<Exchange> of(StateKind kind) {
            return byFunction(kind);
        }
    },
    PROCEDURE("by `CALL`") {
        @Override
        List<Exchange> of(StateKind kind) {
            return kind.statements().stream()
                    .map(sql -> Exchange.query("CALL state_call($run$" + sql + "$run$)"))
                    .toList();
        }
    },
    DO("by `DO`") {
        @Override
        List<Exchange> of(StateKind kind) {
            return kind.statements().stream()
                    .map(sql -> Exchange.query("DO $do$ BEGIN EXECUTE $run$" + sql + "$run$; END $do$"))
                    .toList();
        }
    },
    SET_CONFIG("by `set_config` in a `SELECT`") {
        @Override
        boolean suits(StateKind kind) {
            return !kind.settings().isEmpty();
        }

        @Override
        List<Exchange> of(StateKind kind) {
            List<Exchange> exchanges = new ArrayList<>();
            kind.settings()
                    .forEach((name, value) -> exchanges.add(Exchange.query(
                            "SELECT set_config('" + name + "', '" + value.replace("'", "''") + "', false)")));
            return exchanges;
        }
    },
    SET_CONFIG_PARAMETERS("by `set_config` with parameters") {
        @Override
        boolean suits(StateKind kind) {
            return !kind.settings().isEmpty();
        }

        @Override
        List<Exchange> of(StateKind kind) {
            List<Exchange> exchanges = new ArrayList<>();
            kind.settings()
                    .forEach((name, value) ->
                            exchanges.add(Exchange.unnamed("SELECT set_config($1, $2, false)", name, value)));
            return exchanges;
        }
    },
    PIPELINE("in a pipeline") {
        @Override
        List<Exchange> of(StateKind kind) {
            List<Sent> messages = new ArrayList<>(List.of(Sent.unnamed("SELECT 1")));
            kind.statements().forEach(sql -> messages.add(Sent.unnamed(sql)));
            messages.addAll(List.of(Sent.unnamed("SELECT 2"), Sent.sync(), Sent.unnamed("SELECT 3"), Sent.sync()));
            return List.of(new Exchange(messages, 2));
        }
    },
    BEHIND_DISCARD_ALL("behind `DISCARD ALL` in a pipeline") {
        @Override
        List<Exchange> of(StateKind kind) {
            List<Sent> messages = new ArrayList<>(List.of(Sent.unnamed("DISCARD ALL")));
            kind.statements().forEach(sql -> messages.add(Sent.unnamed(sql)));
            messages.add(Sent.sync());
            return List.of(new Exchange(messages, 1));
        }
    },
    MULTI_STATEMENT("in a string of several statements") {
        @Override
        List<Exchange> of(StateKind kind) {
            return List.of(Exchange.query("SELECT 1; " + String.join("; ", kind.statements()) + "; SELECT 2"));
        }
    },
    BY_MESSAGES("by messages") {
        @Override
        boolean suits(StateKind kind) {
            return !kind.messages().isEmpty();
        }

        @Override
        List<Exchange> of(StateKind kind) {
            return kind.messages();
        }
    };

    private final String title;

    Way(String title) {
        this.title = title;
    }

    String title() {
        return title;
    }

    /** Whether this kind of state can be made like this at all. */
    boolean suits(StateKind kind) {
        return !kind.statements().isEmpty();
    }

    /** Whether every statement that calls a function is followed by a check. */
    boolean isChecked() {
        return false;
    }

    abstract List<Exchange> of(StateKind kind);

    private static List<Exchange> byFunction(StateKind kind) {
        return kind.statements().stream()
                .map(sql -> Exchange.query("SELECT state_run($run$" + sql + "$run$)"))
                .toList();
    }

    private static List<Exchange> between(StateKind kind, List<String> before, List<String> after) {
        List<String> all = new ArrayList<>(before);
        all.addAll(kind.statements());
        all.addAll(after);
        return all.stream().map(Exchange::query).toList();
    }
}
