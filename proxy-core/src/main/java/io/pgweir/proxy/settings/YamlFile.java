package io.pgweir.proxy.settings;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/** The configuration file: settings at the top level, {@code databases} and {@code users}. */
final class YamlFile {
    static final String DATABASES = "databases";
    static final String USERS = "users";
    static final String APPLICATIONS = "applications";

    private final Path path;
    private final Problems problems;
    private final SecretSource secrets;
    private final Layer settings = new Layer();
    private final List<DatabaseEntry> databases = new ArrayList<>();
    private final Map<String, UserConfig> users = new LinkedHashMap<>();
    private final LimitExceptions exceptions = new LimitExceptions();
    private boolean mayNameDatabases;

    private YamlFile(Path path, Map<String, String> environment, Problems problems) {
        this.path = path;
        this.problems = problems;
        this.secrets = new SecretSource(path, environment);
    }

    /** Reads a file and reports everything that is wrong with it; {@code where} is who named the file. */
    static YamlFile read(String named, String where, Map<String, String> environment, Problems problems) {
        try {
            Path path = SecretFiles.path(named);
            String text = SecretFiles.read(path);
            YamlFile file = new YamlFile(path, environment, problems);
            file.parse(text);
            return file;
        } catch (BadValue e) {
            problems.add(Settings.CONFIG, where, String.valueOf(e.getMessage()));
            YamlFile file = none(problems);
            file.mayNameDatabases = true;
            return file;
        }
    }

    /** Stands for a file when there is none. */
    static YamlFile none(Problems problems) {
        return new YamlFile(Path.of(""), Map.of(), problems);
    }

    Layer settings() {
        return settings;
    }

    /** Whether the file has databases, or could not be read far enough to say no. */
    boolean mayNameDatabases() {
        return mayNameDatabases;
    }

    List<DatabaseEntry> databases() {
        return databases;
    }

    Map<String, UserConfig> users() {
        return users;
    }

    LimitExceptions exceptions() {
        return exceptions;
    }

    /** The environment variables that the file takes passwords from. */
    List<String> variables() {
        return secrets.variables();
    }

    /** A path that the file names, seen from the file's own directory. */
    Path resolve(Path named) {
        return path.resolveSibling(named);
    }

    private void parse(String text) {
        try {
            LoadSettings settings = LoadSettings.builder()
                    .setLabel(path.toString())
                    .setAllowDuplicateKeys(true) // reported by YamlNode, with all other problems
                    .build();
            Node root = new Compose(settings).composeString(text).orElse(null);
            if (root != null) {
                root(new YamlNode(path.toString(), root, problems));
            }
        } catch (MarkedYamlEngineException e) {
            mayNameDatabases = true;
            // not getMessage(): it quotes the line, which may hold a password
            String place = e.getProblemMark().map(this::place).orElse(path.toString());
            String problem = String.valueOf(e.getProblem());
            problems.add(
                    Settings.CONFIG,
                    place,
                    problem.contains("alias") || problem.contains("anchor")
                            ? "this is not valid YAML: put a value that begins with * or & into quotation marks"
                            : "this is not valid YAML: " + problem);
        } catch (StackOverflowError e) { // the composer recurses and has no limit of its own
            mayNameDatabases = true;
            problems.add(
                    Settings.CONFIG, path.toString(), "this is not a configuration: its values are nested too deeply");
        } catch (YamlEngineException e) {
            mayNameDatabases = true;
            problems.add(
                    Settings.CONFIG, path.toString(), "this is not valid YAML, or has characters that YAML forbids");
        }
    }

    private String place(Mark mark) {
        return path + ":" + (mark.getLine() + 1) + ":" + (mark.getColumn() + 1);
    }

    private void root(YamlNode root) {
        root.entries("the file", Settings.CONFIG.name()).forEach((name, entry) -> {
            Setting<?> setting = Settings.byName(name);
            if (name.equals(DATABASES)) {
                mayNameDatabases = true;
                entry.value().entries(DATABASES).forEach((key, value) -> {
                    DatabaseEntry database = DatabaseEntry.read(key, value, secrets);
                    databases.add(database);
                });
            } else if (name.equals(USERS)) {
                entry.value().entries(USERS).forEach(this::user);
            } else if (name.equals(APPLICATIONS)) {
                entry.value().entries(APPLICATIONS).forEach(this::application);
            } else if (setting != null && setting.inFile()) {
                put(setting, entry.value(), settings);
            } else {
                List<String> known = new ArrayList<>(Settings.names());
                known.remove(Settings.CONFIG.name());
                known.addAll(List.of(DATABASES, USERS, APPLICATIONS));
                entry.key()
                        .problem(
                                "unknown key '" + Suggestions.quoted(name) + "'" + Suggestions.didYouMean(name, known));
            }
        });
    }

    /** Puts a setting's value into a layer; lists may stand for comma-separated names. */
    static void put(Setting<?> setting, YamlNode value, Layer layer) {
        String text = value.text(setting.name(), setting.type() instanceof ValueType.Names);
        if (text != null && setting.type() instanceof ValueType.FileName type) {
            layer.put(setting, type.from(Path.of(value.file()), text), value.where(), value.problems());
        } else if (text != null) {
            layer.put(setting, text, value.where(), value.problems());
        }
    }

    private void user(String name, YamlNode.Entry entry) {
        Map<String, YamlNode.Entry> entries = entry.value().entries("user '" + Suggestions.quoted(name) + "'");
        List<String> others = new ArrayList<>(SecretSource.KEYS);
        others.add(ClientCount.KEY);
        Layer limits = limits(entries, "a user", others);
        if (!limits.isEmpty()) {
            exceptions.users().put(name, limits);
        }
        users.put(name, new UserConfig(name, secrets.password(entries), ClientCount.of(entries)));
    }

    private void application(String name, YamlNode.Entry entry) {
        if (name.isBlank() || name.equals(LimitExceptions.ANY_END)) {
            entry.key()
                    .problem("an application needs a name, or the beginning of one before *; what counts for all"
                            + " belongs to the top level");
            return;
        }
        String what = "application '" + Suggestions.quoted(name) + "'";
        Map<String, YamlNode.Entry> entries = entry.value().entries(what);
        if (entries.isEmpty()) {
            entry.key()
                    .problem(what + " has no limit of its own: give one of " + String.join(", ", ClientLimit.labels()));
        }
        exceptions.applications().put(name, limits(entries, "an application", List.of()));
    }

    /** The limits among some keys; reports what is neither a limit nor one of {@code others}. */
    private static Layer limits(Map<String, YamlNode.Entry> entries, String owner, List<String> others) {
        Layer limits = new Layer();
        entries.forEach((key, one) -> {
            ClientLimit limit = ClientLimit.of(key);
            if (limit != null) {
                put(limit.setting(), one.value(), limits);
            } else if (!others.contains(key)) {
                List<String> known = new ArrayList<>(others);
                known.addAll(ClientLimit.labels());
                String advice = Settings.byName(key) == null
                        ? Suggestions.didYouMean(key, known)
                        : ": it cannot differ between the clients of a pool";
                one.key().problem("unknown key '" + Suggestions.quoted(key) + "' of " + owner + advice);
            }
        });
        return limits;
    }
}
