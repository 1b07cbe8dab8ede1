package io.pgweir.cli;

import io.pgweir.proxy.settings.Setting;
import io.pgweir.proxy.settings.Settings;
import java.io.File;
import java.util.List;
import java.util.function.Predicate;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The script with which shells complete commands, options and their values; made from the settings table. */
final class Completion {
    static final List<String> SHELLS = List.of("bash", "zsh");

    private Completion() {}

    static String script() {
        CommandSpec top = CommandSpec.create().name("pgweir");
        for (String command : CommandLineInterface.COMMANDS) {
            top.addSubcommand(command, command(command));
        }
        top.addSubcommand("demo", CommandSpec.create().name("demo")); // the launcher's own
        return AutoComplete.bash("pgweir", new CommandLine(top));
    }

    private static CommandSpec command(String name) {
        return switch (name) {
            case "run", "check" -> command(name, setting -> true);
            case "health", "status" -> command(name, Completion::isAsked);
            case "top" ->
                command(name, Completion::isAsked)
                        .addOption(OptionSpec.builder(TopCommand.ONCE).build());
            case "reload" ->
                command(name, setting -> isAsked(setting) || setting.name().equals("pid_file"))
                        .addOption(OptionSpec.builder("--pid")
                                .arity("1")
                                .type(String.class)
                                .paramLabel("pid")
                                .build());
            default -> CommandSpec.create().name(name);
        };
    }

    /** Whether those take it that ask a running pgweir. */
    private static boolean isAsked(Setting<?> setting) {
        return Whereabouts.SETTINGS.contains(setting.name());
    }

    private static CommandSpec command(String name, Predicate<Setting<?>> takes) {
        CommandSpec command = CommandSpec.create().name(name);
        for (Setting<?> setting : Settings.all()) {
            if (!setting.hidden() && takes.test(setting)) {
                command.addOption(option(setting));
            }
        }
        return command;
    }

    private static OptionSpec option(Setting<?> setting) {
        String values = setting.type().placeholder();
        OptionSpec.Builder option = OptionSpec.builder(setting.flag())
                .arity("1")
                .paramLabel(setting.name()); // the script's variables are called after it
        if (values.startsWith("FILE")) {
            return option.type(File.class).build();
        }
        option.type(String.class);
        // Words are values; capitals stand for something else.
        if (values.matches("[a-z0-9_-]+(\\|[a-z0-9_-]+)+")) {
            option.completionCandidates(List.of(values.split("\\|")));
        }
        return option.build();
    }
}
