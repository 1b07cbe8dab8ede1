package io.pgweir.proxy.admin;

import io.pgweir.proxy.settings.Setting;
import io.pgweir.proxy.settings.Settings;
import io.pgweir.proxy.settings.Suggestions;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What client libraries and tools say without being asked: settings of the session, transactions around everything, SELECT 1.
 * It is answered so that they go on, and has no effect.
 */
final class DriverTalk {
    /** Parameters of PostgreSQL that clients set for their session. */
    private static final Set<String> SESSION_PARAMETERS = Set.of(
            "APPLICATION_NAME",
            "BYTEA_OUTPUT",
            "CLIENT_ENCODING",
            "CLIENT_MIN_MESSAGES",
            "DATESTYLE",
            "DEFAULT_TRANSACTION_ISOLATION",
            "DEFAULT_TRANSACTION_READ_ONLY",
            "EXTRA_FLOAT_DIGITS",
            "IDLE_IN_TRANSACTION_SESSION_TIMEOUT",
            "INTERVALSTYLE",
            "JIT",
            "LC_MESSAGES",
            "LOCK_TIMEOUT",
            "NAMES",
            "ROW_SECURITY",
            "SEARCH_PATH",
            "SESSION",
            "STANDARD_CONFORMING_STRINGS",
            "STATEMENT_TIMEOUT",
            "TIME",
            "TIMEZONE",
            "TRANSACTION",
            "TRANSACTION_TIMEOUT");

    private static final Statement.Action NOTHING = caller -> Reply.DONE.now();

    private final Map<String, String> parameters;

    /** @param parameters what a client is told of them at its login */
    DriverTalk(Map<String, String> parameters) {
        this.parameters = parameters;
    }

    /** What it means; null if it is nothing of the kind. */
    @Nullable
    Statement understand(CommandText text, Caller caller) {
        return switch (text.word(0)) {
            case "BEGIN" -> transaction("BEGIN", true);
            case "START" -> text.word(1).equals("TRANSACTION") ? transaction("START TRANSACTION", true) : null;
            case "COMMIT", "END" -> transaction("COMMIT", false);
            case "ROLLBACK", "ABORT" -> transaction("ROLLBACK", false);
            case "SET" -> set(text);
            case "RESET" -> new Statement(List.of(), "RESET", NOTHING);
            case "DISCARD" -> new Statement(List.of(), "DISCARD ALL", by -> deallocate(by, null));
            case "DEALLOCATE" -> deallocate(text);
            case "SHOW" -> show(text);
            case "SELECT" -> select(text, caller);
            case "INSERT",
                    "UPDATE",
                    "DELETE",
                    "WITH",
                    "VALUES",
                    "CREATE",
                    "ALTER",
                    "DROP",
                    "COPY",
                    "LISTEN",
                    "EXPLAIN" -> throw ConsoleError.NO_SQL.failure();
            default -> null;
        };
    }

    private static Statement transaction(String tag, boolean open) {
        return new Statement(List.of(), tag, caller -> {
            caller.transaction(open);
            return Reply.DONE.now();
        });
    }

    private static Statement set(CommandText text) {
        boolean scoped = text.size() > 2
                && Set.of("SESSION", "LOCAL").contains(text.word(1))
                && !text.word(2).equals("CHARACTERISTICS");
        String name = text.word(scoped ? 2 : 1);
        Setting<?> own = Settings.byName(name.toLowerCase(Locale.ROOT));
        if (SESSION_PARAMETERS.contains(name)) {
            return new Statement(
                    List.of(),
                    "SET",
                    own == null
                            ? NOTHING
                            : caller -> Reply.notice(ConsoleError.SET_WITHOUT_EFFECT.with(own.name()))
                                    .now());
        }
        if (own != null) {
            throw ConsoleError.SET_REFUSED.failure(own.name());
        }
        String written = name.toLowerCase(Locale.ROOT);
        throw ConsoleError.UNKNOWN_PARAMETER.failure(
                written,
                Suggestions.didYouMean(
                        written, Settings.all().stream().map(Setting::name).toList()));
    }

    private static Statement deallocate(CommandText text) {
        int at = text.word(1).equals("PREPARE") && text.size() > 2 ? 2 : 1;
        String name = text.word(at).equals("ALL") ? null : text.argument(at);
        return new Statement(List.of(), "DEALLOCATE", caller -> deallocate(caller, name));
    }

    private static java.util.concurrent.CompletableFuture<Reply> deallocate(Caller caller, @Nullable String name) {
        caller.statements().deallocate(name);
        return Reply.DONE.now();
    }

    private @Nullable Statement show(CommandText text) {
        String name = text.argument(1).toUpperCase(Locale.ROOT);
        String value = switch (name) {
            case "TRANSACTION ISOLATION LEVEL", "TRANSACTION_ISOLATION", "DEFAULT_TRANSACTION_ISOLATION" ->
                "read committed";
            case "TRANSACTION_READ_ONLY", "DEFAULT_TRANSACTION_READ_ONLY", "IN_HOT_STANDBY" -> "off";
            case "TIME ZONE" -> parameters.get("TimeZone");
            case "EXTRA_FLOAT_DIGITS" -> "1";
            case "SEARCH_PATH" -> "";
            case "MAX_IDENTIFIER_LENGTH" -> "63";
            default ->
                parameters.entrySet().stream()
                        .filter(parameter -> parameter.getKey().equalsIgnoreCase(name))
                        .map(Map.Entry::getValue)
                        .findFirst()
                        .orElse(null);
        };
        String column = name.startsWith("TRANSACTION ") ? "transaction_isolation" : name.toLowerCase(Locale.ROOT);
        return value == null ? null : row("SHOW", new Column(column, ColumnType.TEXT, true), value);
    }

    private Statement select(CommandText text, Caller caller) {
        String rest = text.argument(1).replaceAll("\\s+", "").toLowerCase(Locale.ROOT);
        String expression = rest.startsWith("pg_catalog.") ? rest.substring("pg_catalog.".length()) : rest;
        if (expression.matches("-?\\d{1,9}")) {
            return row("SELECT 1", new Column("?column?", ColumnType.INT4, true), Integer.valueOf(expression));
        }
        String value = switch (expression) {
            case "version()" -> parameters.get("server_version");
            case "current_database()", "current_catalog" -> caller.database();
            case "current_user", "session_user", "user" -> caller.user();
            case "current_schema()", "current_schema" -> "public";
            default -> throw ConsoleError.NO_SQL.failure();
        };
        return row("SELECT 1", new Column(expression.replace("()", ""), ColumnType.TEXT, true), String.valueOf(value));
    }

    private static Statement row(String tag, Column column, Object value) {
        return new Statement(
                List.of(column),
                tag,
                caller -> Reply.of(List.<@Nullable Object[]>of(new Object[] {value}))
                        .now());
    }
}
