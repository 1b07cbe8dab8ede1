package io.pgweir.proxy.settings;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Where a password of the file comes from: {@code password}, {@code password_file} or {@code password_env}. */
final class SecretSource {
    static final List<String> KEYS = List.of("password", "password_file", "password_env");

    private final Path file;
    private final Map<String, String> environment;
    private final List<String> variables = new ArrayList<>();

    /** Paths are seen from the directory of {@code file}. */
    SecretSource(Path file, Map<String, String> environment) {
        this.file = file;
        this.environment = environment;
    }

    List<String> variables() {
        return List.copyOf(variables);
    }

    /** The password among some keys; null if there is none, or after a problem. */
    @Nullable
    Secret password(Map<String, YamlNode.Entry> entries) {
        List<String> given = KEYS.stream().filter(entries::containsKey).toList();
        if (given.isEmpty()) {
            return null;
        }
        YamlNode.Entry entry = Objects.requireNonNull(entries.get(given.get(0)));
        if (given.size() > 1) {
            Objects.requireNonNull(entries.get(given.get(1)))
                    .key()
                    .problem(given.get(1) + " contradicts " + given.get(0) + " above: keep one of them");
        }
        String text = entry.value().text(given.get(0), false);
        if (text == null) {
            return null;
        }
        try {
            Secret secret = new Secret(read(given.get(0), text));
            String problem = StoredPassword.problem(secret);
            if (problem != null) {
                entry.value().problem(problem);
            }
            return secret;
        } catch (BadValue e) {
            entry.value().problem(String.valueOf(e.getMessage()));
            return null;
        }
    }

    /** Text of a file that the configuration file names. */
    String fileText(String named) throws BadValue {
        return SecretFiles.readLine(file.resolveSibling(SecretFiles.path(named)));
    }

    private String read(String key, String text) throws BadValue {
        switch (key) {
            case "password" -> {
                if (text.isEmpty()) {
                    throw new BadValue("the password is empty: remove the key if the user has none");
                }
                return text;
            }
            case "password_file" -> {
                return fileText(text);
            }
            default -> {
                variables.add(text);
                String value = environment.get(text);
                if (value == null || value.isEmpty()) {
                    throw new BadValue("environment variable " + Suggestions.quoted(text) + " is not set");
                }
                return value;
            }
        }
    }
}
