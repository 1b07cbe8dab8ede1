package io.pgweir.proxy.admin;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A command of the console: one row of the table that the parser, permissions, SHOW HELP and docs/console.md come from.
 *
 * @param name its words, in upper case
 * @param argument what follows them
 * @param access who may use it
 * @param columns of its rows; none if it has no rows
 * @param help one sentence
 */
record Command(String name, Argument argument, Access access, List<Column> columns, String help, Effect effect) {
    /** Who may use a command. */
    enum Access {
        /** stats_users and admin_users. */
        STATS,
        /** admin_users only. */
        ADMIN
    }

    /** What follows the words of a command. */
    enum Argument {
        NONE(""),
        DATABASE("<database>"),
        DATABASE_OR_ALL("[<database>]"),
        CLIENT("<id>"),
        BACKEND("<pid>"),
        SERVER("<host>:<port>");

        private final String written;

        Argument(String written) {
            this.written = written;
        }

        boolean isRequired() {
            return this != NONE && this != DATABASE_OR_ALL;
        }
    }

    /** What it does; as {@link Statement.Action}. */
    interface Effect {
        /** @param argument null if there is none */
        CompletableFuture<Reply> run(Caller caller, @Nullable String argument);
    }

    /** What a SHOW command gives at once. */
    interface Rows {
        List<@Nullable Object[]> of(Caller caller);
    }

    /** A command that shows what is known without asking the loops. */
    static Command show(String what, List<Column> columns, String help, Rows rows) {
        return show(what, columns, help, (Effect)
                (caller, argument) -> Reply.of(rows.of(caller)).now());
    }

    static Command show(String what, List<Column> columns, String help, Effect effect) {
        return new Command("SHOW " + what, Argument.NONE, Access.STATS, columns, help, effect);
    }

    /** A command that changes something. */
    static Command admin(String name, Argument argument, String help, Effect effect) {
        return new Command(name, argument, Access.ADMIN, List.of(), help, effect);
    }

    boolean isShow() {
        return name.startsWith("SHOW ");
    }

    String syntax() {
        return argument == Argument.NONE ? name : name + " " + argument.written;
    }

    /** The columns that this caller gets. */
    List<Column> columnsFor(Caller caller) {
        if (caller.expectsPgBouncer() && !isShow()) {
            return List.of();
        }
        List<Column> pgBouncers =
                columns.stream().filter(column -> !column.own()).toList();
        return caller.expectsPgBouncer() && !pgBouncers.isEmpty() ? pgBouncers : columns;
    }
}
