package io.pgweir.cli;

import io.pgweir.cli.rehearsal.Rehearsal;
import io.pgweir.proxy.settings.ConfigLoader;
import io.pgweir.proxy.settings.ConfigProblem;
import io.pgweir.proxy.settings.ConfigSources;
import io.pgweir.proxy.settings.LoadedConfig;
import io.pgweir.proxy.settings.Suggestions;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;

/** Finds the command that is meant and carries it out. */
final class CommandLineInterface {
    static final List<String> COMMANDS =
            List.of("run", "check", "reload", "health", "status", "top", "completion", "version", "help");
    private static final List<String> HELP = List.of("-h", "--help");

    private final PrintStream out;
    private final PrintStream err;
    private final Map<String, String> environment;

    CommandLineInterface(PrintStream out, PrintStream err, Map<String, String> environment) {
        this.out = out;
        this.err = err;
        this.environment = Map.copyOf(environment);
    }

    /** Runs one command to its end. */
    int run(String... args) {
        if (args.length == 0) {
            out.print(HelpTexts.top());
            return ExitCode.WRONG_INPUT;
        }
        String command = args[0];
        String[] rest = Arrays.copyOfRange(args, 1, args.length);
        if (HELP.contains(command) || command.equals("help")) {
            return help(rest);
        }
        if (Arrays.stream(rest).anyMatch(HELP::contains)) {
            return help(command);
        }
        return switch (command) {
            case "run", "check" -> configured(command, rest);
            case "health" -> asking(new HealthCommand(out, err)::run, rest);
            case "status" -> asking(new StatusCommand(out, err)::run, rest);
            case "top" -> top(rest);
            case "completion" -> completion(rest);
            case "reload" -> reload(rest);
            case "rehearse" -> rehearse();
            case "version", "--version", "-V" -> print(Version.line() + System.lineSeparator());
            default -> unknownCommand(command);
        };
    }

    private int help(String... about) {
        if (about.length == 0 || about[0].equals("help")) {
            return print(HelpTexts.top());
        }
        return switch (about[0]) {
            case "run" -> print(HelpTexts.run());
            case "check" -> print(HelpTexts.check());
            case "health" -> print(HelpTexts.health());
            case "status" -> print(HelpTexts.status());
            case "top" -> print(HelpTexts.watch());
            case "completion" -> print(HelpTexts.completion());
            case "reload" -> print(HelpTexts.reload());
            case "version" ->
                print("Usage: pgweir version" + System.lineSeparator() + "Prints the version."
                        + System.lineSeparator());
            default -> unknownCommand(about[0]);
        };
    }

    private int print(String text) {
        out.print(text);
        return ExitCode.OK;
    }

    private int unknownCommand(String command) {
        // an argument that is no word may be a database URL with its password
        String shown = command.matches("-{0,2}[A-Za-z][A-Za-z0-9-]{0,30}")
                ? "'" + command + "' is no command"
                : "a command is missing";
        boolean flag = command.startsWith("-");
        err.println("pgweir: " + shown
                + (flag
                        ? "; options stand after the command, for example: pgweir run " + command.replaceAll("=.*", "")
                        : Suggestions.didYouMean(command, COMMANDS)));
        err.println("Commands are " + String.join(", ", COMMANDS) + "; pgweir --help says more.");
        return ExitCode.WRONG_INPUT;
    }

    private int configured(String command, String... args) {
        Flags flags = Flags.parse(args);
        LoadedConfig loaded = ConfigLoader.load(new ConfigSources(flags.values(), environment));
        List<ConfigProblem> problems = new ArrayList<>(flags.problems());
        problems.addAll(loaded.problems());
        if (!problems.isEmpty()) {
            report("nothing was started", problems);
            loaded.notes().forEach(note -> err.println("  note: " + note));
            return ExitCode.WRONG_INPUT;
        }
        if (command.equals("check")) {
            return print(CheckReport.of(loaded));
        }
        return new RunCommand(err).run(loaded);
    }

    /** Only the address and the token count: what else the running process was told, as the database in an option, need not be said again. */
    private int asking(ToIntFunction<LoadedConfig> command, String... args) {
        Flags flags = Flags.parse(args);
        LoadedConfig loaded = ConfigLoader.load(new ConfigSources(flags.values(), environment));
        List<ConfigProblem> problems = new ArrayList<>(flags.problems());
        loaded.problems().stream()
                .filter(problem -> Whereabouts.areHiddenBy(problem, loaded))
                .forEach(problems::add);
        if (!problems.isEmpty()) {
            report("nobody was asked", problems);
            return ExitCode.WRONG_INPUT;
        }
        return command.applyAsInt(loaded);
    }

    private int top(String... args) {
        String[] others =
                Arrays.stream(args).filter(arg -> !arg.equals(TopCommand.ONCE)).toArray(String[]::new);
        TopCommand command = new TopCommand(out, err, others.length < args.length);
        return asking(command::run, others);
    }

    private int completion(String... args) {
        if (args.length > 1 || (args.length == 1 && !Completion.SHELLS.contains(args[0]))) {
            err.println("pgweir: completion takes the name of a shell, and no more: one of "
                    + String.join(", ", Completion.SHELLS));
            return ExitCode.WRONG_INPUT;
        }
        return print(Completion.script());
    }

    /** {@code --pid} is no setting: it goes before the others are read. */
    private int reload(String... args) {
        List<String> others = new ArrayList<>(List.of(args));
        String pid = null;
        for (int i = 0; i < others.size(); i++) {
            if (others.get(i).startsWith("--pid=")) {
                pid = others.remove(i).substring("--pid=".length());
                break;
            }
            if (others.get(i).equals("--pid")) {
                others.remove(i);
                pid = i < others.size() ? others.remove(i) : "";
                break;
            }
        }
        String process = pid;
        return asking(loaded -> new ReloadCommand(out, err).run(process, loaded), others.toArray(String[]::new));
    }

    /** For whoever makes a class data archive or an AOT cache; no command for people, so help does not name it. */
    private int rehearse() {
        try (Rehearsal rehearsal = new Rehearsal()) {
            Flags flags = Flags.parse(rehearsal.arguments().toArray(String[]::new));
            LoadedConfig loaded = ConfigLoader.load(new ConfigSources(flags.values(), Map.of()));
            int code = new RunCommand(err, rehearsal::play).run(loaded);
            return rehearsal.hasSucceeded() ? code : ExitCode.FAILED;
        } catch (IOException e) {
            err.println("pgweir: no rehearsal: " + e.getMessage());
            return ExitCode.FAILED;
        }
    }

    private void report(String outcome, List<ConfigProblem> problems) {
        err.println("pgweir: " + outcome + ", because of "
                + (problems.size() == 1 ? "this problem:" : "these " + problems.size() + " problems:"));
        problems.forEach(problem -> err.println("  " + problem));
    }
}
