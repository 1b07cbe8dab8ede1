package io.pgweir.proxy.state;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Renders docs/session-state.md from the kinds of state that the leak matrix checks. */
final class SessionStateReference {
    private SessionStateReference() {}

    static String render() {
        StringBuilder text = new StringBuilder("""
                # Session state

                <!-- Generated from the leak matrix by SessionStateReferenceTest; see there for the command. -->

                What a client makes of its session in `pool_mode: transaction`. Nobody else sees any of it, and the client sees
                what it would see on a connection of its own, unless this page names an exception. `LeakMatrixTest` holds each
                row against PostgreSQL. State is made

                """);
        text.append(Stream.of(Way.values()).map(way -> "- " + way.title()).collect(Collectors.joining("\n")));
        text.append("""


                and looked for by its owner and by another client: on the same backend, on another backend, after the owner's
                `DISCARD ALL` and after the owner's disconnect. An exception that has come to work fails the test as well.

                What *keeps the client on its backend* does so until the state is gone (`DROP`, `CLOSE`, `DEALLOCATE`, unlocking,
                `DISCARD`) or the client is.

                Temporary objects, locks, cursors and SQL `PREPARE` of a function in a `SELECT` are asked for after each such
                statement, its settings in `state_check_sample` of 100 cases only (*checked*). What code sets that PostgreSQL
                reports (ParameterStatus) is known without that.

                """);
        table(text, "Settings and roles", StateKinds.settings());
        table(text, "What lives in a backend", StateKinds.bound());
        text.append("""
                ## What the text does not show

                What a statement may do to its session is read in its text: its verbs, and the functions that it calls by name. A
                function that is not one of PostgreSQL's common ones may do anything, and so may one in a schema other than
                `pg_catalog`. State of the following kinds is not noticed, and the next client on that backend may find it:

                - made by code that the text does not name: operators, casts, checks of domains, defaults, generated columns,
                  triggers, rules, views, policies of row security, indexes on expressions, functions called as attributes
                  (`SELECT t.f FROM t`)
                - made by a function with the name of one of PostgreSQL's common ones and parameters of other types (`lower`,
                  `count`, `replace` ...), called without its schema

                `state_check: always` finds it, as every backend is asked before another client gets it; of settings with a dot in
                their names, which PostgreSQL does not list, it only keeps others from seeing them. With `off`,
                settings made by functions and code are lost, and others do not see them; what else they leave is not asked for.

                ## Prepared statements

                Statements that clients prepare by name (Parse) are shared on a backend where text and parameter types are equal and
                the text means the same to PostgreSQL: under equal `search_path`, `role`, `session_authorization`,
                `transform_null_equals`, and, if the text has a string or a character beyond ASCII, equal `TimeZone`,
                `timezone_abbreviations`, `DateStyle`, `IntervalStyle`, `standard_conforming_strings`, `client_encoding`,
                `array_nulls`, `lc_monetary`, `xmloption`. As on PostgreSQL, the settings at the Parse count. A client's own, shared
                with nobody, are

                - statements with `'now'`, `'today'`, `'tomorrow'`, `'yesterday'`, which are the moment of each Parse;
                - what it prepares while one of these settings may differ from what is known of the client: after a `SET`, `RESET`,
                  `set_config`, `DO`, `CALL` or a function that is not one of PostgreSQL's, until the backend is given back;
                - what it prepares while it has temporary objects, or may have made some.

                Not as on PostgreSQL:

                - A client's own statement, or one that it prepared before it changed such a setting, is read anew, by the settings
                  and the clock of then, where it must be prepared on another backend or once more.
                - A Parse of a text that the backend knows already finds no function, operator or table that a new Parse would prefer
                  only since then (a new overload, a table in front in `search_path`), nor changed types of parameters. `ALTER` of
                  what the statement uses does not help; a new backend does (`backend_lifetime`).
                - Where a trigger, or a function not *checked*, changes a setting that PostgreSQL does not report
                  (`search_path` before version 18, `transform_null_equals`), the client's next Parse does not count it.

                ## What is not looked for

                - `LISTEN`: it has tests of its own.
                - The seed of `random()`, variables and connections of procedural languages and extensions (`%_SHARED` of PL/Perl,
                  `dblink_connect`): they stay on the backend. Use session mode.
                - `lastval()` and `currval()` called by code (a function, `DO`): where no statement of the pool names them in its own
                  text, they may speak of what another client has inserted on that backend. Behind an `INSERT` of the same
                  transaction they are right.
                - That a name with a dot has been set on a backend: `current_setting(name, true)` of somebody else may be empty there
                  instead of NULL, as it is on PostgreSQL after `RESET`. The value is gone.
                - What a backend knows when it is lost: a client whose `SET` was answered, and not yet learned by pgweir, is told with
                  its next statement (`08006`, "could not be found out"); of what code (`DO`, a function) has set it is not told.

                ## Settings given at login

                A client that gave settings at its login (`options`, `application_name`, `DateStyle` ...) gets them back with
                `RESET`, as on PostgreSQL, where `RESET` is a statement of its own. Not so:

                - `RESET` and `SET ... TO DEFAULT` in a string of several statements, or by code (`DO`, a function): the server's
                  value is in force, at the longest until the client gets another backend.
                - `SET TRANSACTION ISOLATION LEVEL` behind a `RESET` in the same transaction is refused (`25001`): what sets the value
                  of the login again counts as a query.
                - Whether the return to such a value is reported (ParameterStatus) once more, or not at all, may differ from
                  PostgreSQL where `SET` and `DISCARD ALL` meet in one unit, or the value is the server's own.

                ## Random programs

                `DifferentialTest` makes programs of random statements, state changes included, lets many clients run them at once
                over three backends, with and without the shuffle switch, and compares each transcript (rows, errors, reported
                parameters) with that of the same program alone on PostgreSQL. 500 programs run in each build, from another seed
                each time. On 2026-11-25 20,000 programs of seed 4711 compared 400,163 exchanges, on 2026-11-26 8,000 compared
                159,263: no difference.

                    ./mvnw -pl protocol,proxy-core test -Dtest=DifferentialTest -Dsurefire.failIfNoSpecifiedTests=false \\
                      -Dpgweir.differential.programs=20000 -Dpgweir.test.seed=4711

                What is known to differ is left out of the programs: what stands above, and an `application_name` of the login that
                is reported once more or not; the error of a `Parse` whose name is taken and whose text is wrong as well; `DEALLOCATE
                ALL` inside a function, which may drop statements of pgweir's own (the client then gets `08006` once).
                """);
        return text.toString();
    }

    private static void table(StringBuilder text, String title, List<StateKind> kinds) {
        text.append("## ").append(title).append("\n\n| state | what becomes of it | exceptions |\n|---|---|---|\n");
        for (StateKind kind : kinds) {
            text.append("| ")
                    .append(kind.title())
                    .append(" | ")
                    .append(kind.usually().text())
                    .append(" | ")
                    .append(exceptions(kind))
                    .append(" |\n");
        }
        text.append('\n');
    }

    private static String exceptions(StateKind kind) {
        Map<Handling, List<Way>> ways = new EnumMap<>(Handling.class);
        kind.exceptions()
                .forEach((way, handling) ->
                        ways.computeIfAbsent(handling, any -> new ArrayList<>()).add(way));
        List<String> parts = new ArrayList<>();
        ways.forEach((handling, which) ->
                parts.add(which.stream().map(Way::title).collect(Collectors.joining(", ")) + ": " + handling.text()));
        if (kind.afterDiscardAll() != Handling.REPLAYED) {
            parts.add("after `DISCARD ALL`: " + kind.afterDiscardAll().text());
        }
        if (!kind.why().isEmpty()) {
            parts.add(kind.why());
        }
        return String.join("; ", parts);
    }
}
