package io.pgweir.cli;

import io.pgweir.proxy.settings.ConfigProblem;
import io.pgweir.proxy.settings.Setting;
import io.pgweir.proxy.settings.Settings;
import io.pgweir.proxy.settings.Suggestions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.OverwrittenOptionException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The flags of one command line. The options are made from the settings table, so there is no second list of them.
 *
 * @param values setting name to text
 * @param problems everything that is wrong with the flags as such; their values are judged by the loader
 */
record Flags(Map<String, String> values, List<ConfigProblem> problems) {
    private static final Pattern LACKING = Pattern.compile("parameter for option '(--[a-z-]+)'");

    static Flags parse(String... args) {
        ParseResult result = parser().parseArgs(args);
        Map<String, String> values = new LinkedHashMap<>();
        List<ConfigProblem> problems = new ArrayList<>();
        for (Exception error : result.errors()) {
            if (error instanceof UnmatchedArgumentException) {
                problems.add(unknownOptionAsValue(error));
            } else {
                problems.add(problem(error));
            }
        }
        for (Setting<?> setting : Settings.all()) {
            String value = result.matchedOptionValue(setting.flag(), null);
            if (value != null) {
                values.put(setting.name(), value);
            }
        }
        unknown(result.unmatched(), problems);
        return new Flags(values, problems);
    }

    private static CommandLine parser() {
        CommandSpec spec = CommandSpec.create().name("pgweir");
        for (Setting<?> setting : Settings.all()) {
            spec.addOption(OptionSpec.builder(setting.flag())
                    .type(String.class)
                    .arity("1")
                    .paramLabel(setting.type().placeholder())
                    .description(setting.description())
                    .hidden(setting.hidden())
                    .build());
        }
        spec.parser().collectErrors(true);
        return new CommandLine(spec)
                .setUnmatchedArgumentsAllowed(true)
                .setUnmatchedOptionsAllowedAsOptionParameters(false)
                .setExpandAtFiles(false)
                .setAbbreviatedOptionsAllowed(false);
    }

    /** {@code --listen --bogus}: picocli tells which option lacks its value in its message only. */
    private static ConfigProblem unknownOptionAsValue(Exception error) {
        Matcher option = LACKING.matcher(String.valueOf(error.getMessage()));
        return option.find()
                ? new ConfigProblem(option.group(1), "the value is missing: an unknown option stands in its place")
                : new ConfigProblem("arguments", "there is an unknown option");
    }

    private static ConfigProblem problem(Exception error) {
        ArgSpec arg = error instanceof ParameterException parameter ? parameter.getArgSpec() : null;
        if (error instanceof MissingParameterException missing
                && !missing.getMissing().isEmpty()) {
            arg = missing.getMissing().get(0);
        }
        if (error instanceof OverwrittenOptionException overwritten) {
            arg = overwritten.getOverwritten();
        }
        String where = arg instanceof OptionSpec option ? option.longestName() : "arguments";
        if (error instanceof OverwrittenOptionException) {
            return new ConfigProblem(where, "the option is given twice");
        }
        if (error instanceof MissingParameterException && arg != null) {
            return new ConfigProblem(where, "the value is missing: write " + where + " " + arg.paramLabel());
        }
        return new ConfigProblem(where, "cannot be understood");
    }

    private static void unknown(List<String> unmatched, List<ConfigProblem> problems) {
        List<String> known = Settings.all().stream()
                .filter(setting -> !setting.hidden())
                .map(Setting::flag)
                .toList();
        boolean mayBeValue = false;
        for (String argument : unmatched) {
            if (argument.startsWith("-")) {
                String name = argument.replaceAll("(?s)=.*", "");
                String shown = name.matches("-{1,2}[A-Za-z][A-Za-z0-9_-]{0,40}") ? name : "arguments";
                problems.add(new ConfigProblem(shown, "no such option" + Suggestions.didYouMean(name, known)));
                mayBeValue = !argument.contains("=");
            } else if (mayBeValue) {
                mayBeValue = false;
            } else {
                // the argument is not repeated: it may be a database URL with its password
                String advice = argument.contains("://") ? ": a database URL is given with --database-url" : "";
                problems.add(new ConfigProblem("arguments", "there is an argument that belongs to no option" + advice));
            }
        }
    }
}
