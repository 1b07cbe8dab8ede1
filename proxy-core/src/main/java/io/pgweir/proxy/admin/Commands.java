package io.pgweir.proxy.admin;

import io.pgweir.protocol.sql.Printable;
import io.pgweir.proxy.settings.Suggestions;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The table of all commands, and how a text finds its row. What is not in it is not allowed to anybody. */
final class Commands {
    private static final Logger LOG = LoggerFactory.getLogger(Commands.class);
    /** Commands of PgBouncer's, and what to use instead. */
    static final Map<String, String> NO_MEANING = Map.of(
            "FDS", "Use reuse_port to replace a process; SHOW SOCKETS lists connections.",
            "ACTIVE_SOCKETS", "Use SHOW QUERIES.",
            "DNS_HOSTS", "Names are looked up anew for each connection; SHOW BREAKERS lists the servers.",
            "DNS_ZONES", "Names are looked up anew for each connection; SHOW BREAKERS lists the servers.",
            "PEERS", "A cancel request comes to the process that has the client.",
            "PEER_POOLS", "A cancel request comes to the process that has the client.",
            "SUSPEND", "Use PAUSE, or reuse_port to replace a process.");

    private final Map<String, Command> byName = new LinkedHashMap<>();
    private final DriverTalk driverTalk;

    Commands(Collection<Command> commands, DriverTalk driverTalk) {
        commands.forEach(command -> byName.put(command.name(), command));
        this.driverTalk = driverTalk;
    }

    Collection<Command> all() {
        return byName.values();
    }

    /** What {@code text} means to {@code caller}. @throws ConsoleFailure if it means nothing, or is not allowed */
    Statement understand(CommandText text, Caller caller) {
        int words = 2;
        Command command = byName.get(text.word(0) + " " + text.word(1));
        if (command == null) {
            words = 1;
            command = byName.get(text.word(0));
        }
        if (command != null) {
            return statement(command, text, words, caller);
        }
        Statement other = driverTalk.understand(text, caller);
        if (other != null) {
            return other;
        }
        throw unknown(text);
    }

    private ConsoleFailure unknown(CommandText text) {
        String first = text.word(0);
        String why = NO_MEANING.get(first.equals("SHOW") ? text.word(1) : first);
        if (why != null) {
            return ConsoleError.NO_MEANING.failure((first.equals("SHOW") ? "SHOW " + text.word(1) : first), why);
        }
        boolean show = first.equals("SHOW");
        String written = show && text.size() > 1 ? "SHOW " + text.word(1) : first;
        List<String> candidates = byName.keySet().stream()
                .filter(name -> name.startsWith("SHOW ") == show)
                .toList();
        return ConsoleError.UNKNOWN_COMMAND.failure(text.brief(), Suggestions.didYouMean(written, candidates));
    }

    private static Statement statement(Command command, CommandText text, int words, Caller caller) {
        if (command.access() == Command.Access.ADMIN && !caller.isAdmin()) {
            throw ConsoleError.NOT_ADMIN.failure(command.name(), caller.user());
        }
        String argument = text.argument(words);
        boolean fits = command.argument() == Command.Argument.NONE
                ? argument.isEmpty()
                : !(argument.isEmpty() && command.argument().isRequired());
        if (!fits) {
            throw ConsoleError.WRONG_ARGUMENTS.failure(command.syntax());
        }
        String given = argument.isEmpty() ? null : argument;
        String tag = command.isShow() ? "SHOW" : command.name();
        return new Statement(command.columnsFor(caller), tag, by -> {
            if (!command.isShow()) {
                LOG.info(
                        "admin console: {}{} by user {} from {}",
                        command.name(),
                        given == null ? "" : " " + Printable.of(given),
                        Printable.of(by.user()),
                        by.address());
            }
            return command.effect().run(by, given);
        });
    }

    /** What fails at once fails as what fails later does. */
    static CompletableFuture<Reply> run(Statement statement, Caller caller) {
        try {
            return statement.action().run(caller);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }
}
