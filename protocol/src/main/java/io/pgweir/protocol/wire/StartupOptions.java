package io.pgweir.protocol.wire;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Reads the {@code options} parameter of a startup packet the way PostgreSQL does: split at unescaped white space
 * (pg_split_opts), then read as command-line switches of a server process (process_postgres_switches).
 *
 * <p>Every switch that sets a parameter is turned into that parameter. Switches that the server ignores from a client are
 * ignored here. {@code -d}, which sets several, is refused.
 */
public final class StartupOptions {
    private static final String WITH_ARGUMENT = "BCcDdfhkNprStvW-";
    private static final String WITHOUT_ARGUMENT = "bEeFijlnOPsT";

    private StartupOptions() {}

    /**
     * The settings in the order given; names as written except that dashes are underscores, values verbatim.
     *
     * @throws ProtocolViolation 42601 for what is no switch or lacks its value, 42704 for an empty name, 0A000 for
     *     {@code -d}, 54000 for more than {@link Limits#STARTUP_OPTIONS} settings
     */
    public static List<Map.Entry<String, String>> parse(String options) {
        List<Map.Entry<String, String>> settings = new ArrayList<>();
        Queue<String> words = new ArrayDeque<>(split(options));
        for (String word = words.poll(); word != null; word = words.poll()) {
            if (word.equals("--")) {
                break;
            }
            if (word.length() < 2 || word.charAt(0) != '-') {
                throw invalidArgument(word);
            }
            switches(word, words, settings);
        }
        if (!words.isEmpty()) {
            throw invalidArgument(words.remove());
        }
        return settings;
    }

    private static List<String> split(String options) {
        List<String> words = new ArrayList<>();
        int at = 0;
        while (at < options.length()) {
            if (isSpace(options.charAt(at))) {
                at++;
                continue;
            }
            StringBuilder word = new StringBuilder();
            boolean escaped = false;
            for (; at < options.length() && (escaped || !isSpace(options.charAt(at))); at++) {
                char c = options.charAt(at);
                if (c == '\\' && !escaped) {
                    escaped = true;
                } else {
                    escaped = false;
                    word.append(c);
                }
            }
            words.add(word.toString());
        }
        return words;
    }

    private static boolean isSpace(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }

    /** One word may hold several switches without argument; a switch with one takes the rest of the word, or the next. */
    private static void switches(String word, Queue<String> words, List<Map.Entry<String, String>> settings) {
        for (int at = 1; at < word.length(); at++) {
            char flag = word.charAt(at);
            if (WITHOUT_ARGUMENT.indexOf(flag) >= 0) {
                apply(flag, "", word, settings);
                continue;
            }
            if (WITH_ARGUMENT.indexOf(flag) < 0) {
                throw invalidArgument(word);
            }
            String argument = at + 1 < word.length() ? word.substring(at + 1) : words.poll();
            if (argument == null) {
                throw invalidArgument(word);
            }
            apply(flag, argument, word, settings);
            return;
        }
    }

    private static void apply(char flag, String argument, String word, List<Map.Entry<String, String>> settings) {
        switch (flag) {
            case 'c', '-' -> assign(flag, argument, settings);
            case 'B' -> add(settings, "shared_buffers", argument);
            case 'e' -> add(settings, "datestyle", "euro");
            case 'F' -> add(settings, "fsync", "false");
            case 'f' -> add(settings, planMethod(argument, word), "false");
            case 'h' -> add(settings, "listen_addresses", argument);
            case 'i' -> add(settings, "listen_addresses", "*");
            case 'k' -> add(settings, "unix_socket_directories", argument);
            case 'l' -> add(settings, "ssl", "true");
            case 'N' -> add(settings, "max_connections", argument);
            case 'O' -> add(settings, "allow_system_table_mods", "true");
            case 'P' -> add(settings, "ignore_system_indexes", "true");
            case 'p' -> add(settings, "port", argument);
            case 'S' -> add(settings, "work_mem", argument);
            case 's' -> add(settings, "log_statement_stats", "true");
            case 't' -> add(settings, statistics(argument, word), "true");
            case 'W' -> add(settings, "post_auth_delay", argument);
            case 'd' ->
                throw new ProtocolViolation(
                        SqlState.FEATURE_NOT_SUPPORTED, "startup option -d is not supported; use -c name=value");
            default -> {
                // b C D E j n r T v: the server takes them only from whoever starts it
            }
        }
    }

    private static void assign(char flag, String argument, List<Map.Entry<String, String>> settings) {
        int equals = argument.indexOf('=');
        if (equals < 0) {
            String prefix = flag == '-' ? "--" : "-c ";
            throw new ProtocolViolation(SqlState.SYNTAX_ERROR, prefix + argument + " requires a value");
        }
        if (equals == 0) {
            throw new ProtocolViolation(SqlState.UNDEFINED_OBJECT, "unrecognized configuration parameter \"\"");
        }
        add(settings, argument.substring(0, equals).replace('-', '_'), argument.substring(equals + 1));
    }

    private static String planMethod(String argument, String word) {
        String name = switch (argument.isEmpty() ? '?' : argument.charAt(0)) {
            case 's' -> "enable_seqscan";
            case 'i' -> "enable_indexscan";
            case 'o' -> "enable_indexonlyscan";
            case 'b' -> "enable_bitmapscan";
            case 't' -> "enable_tidscan";
            case 'n' -> "enable_nestloop";
            case 'm' -> "enable_mergejoin";
            case 'h' -> "enable_hashjoin";
            default -> null;
        };
        return required(name, word);
    }

    private static String statistics(String argument, String word) {
        String name = null;
        if (argument.startsWith("pa")) {
            name = "log_parser_stats";
        } else if (argument.startsWith("pl")) {
            name = "log_planner_stats";
        } else if (argument.startsWith("e")) {
            name = "log_executor_stats";
        }
        return required(name, word);
    }

    private static String required(@Nullable String name, String word) {
        if (name == null) {
            throw invalidArgument(word);
        }
        return name;
    }

    private static void add(List<Map.Entry<String, String>> settings, String name, String value) {
        if (settings.size() == Limits.STARTUP_OPTIONS) {
            throw new ProtocolViolation(
                    SqlState.PROGRAM_LIMIT_EXCEEDED,
                    "startup options hold more than " + Limits.STARTUP_OPTIONS + " settings");
        }
        settings.add(Map.entry(name, value));
    }

    private static ProtocolViolation invalidArgument(String word) {
        return new ProtocolViolation(
                SqlState.SYNTAX_ERROR, "invalid command-line argument for server process: " + word);
    }
}
