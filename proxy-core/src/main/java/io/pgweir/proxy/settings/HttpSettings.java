package io.pgweir.proxy.settings;

import io.pgweir.proxy.settings.Setting.Change;
import io.pgweir.proxy.settings.Setting.Group;
import io.pgweir.proxy.settings.Setting.Scope;
import io.pgweir.proxy.settings.ValueType.FileName;
import io.pgweir.proxy.settings.ValueType.Switch;
import io.pgweir.proxy.settings.ValueType.Text;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The part of the {@link Settings} table that is about who may read the pages over HTTP. */
final class HttpSettings {
    /** A token is guessed by whoever reaches the address, as often as the network allows. */
    static final int SHORTEST_TOKEN = 16;

    private static final List<Setting<?>> ROWS = new ArrayList<>();

    static final Setting<String> HTTP_TOKEN = add(
            "http_token",
            new Text("TEXT", true),
            null,
            "secret that the dashboard, /api, /health and /metrics ask for, at least 16 characters");
    static final Setting<String> HTTP_TOKEN_FILE =
            add("http_token_file", new FileName(), null, "file that holds that secret");
    static final Setting<Boolean> HTTP_PUBLIC = add(
            "http_public",
            new Switch(),
            "false",
            "without a token, everybody who reaches an address that is not loopback may use dashboard and /api too");

    private HttpSettings() {}

    static List<Setting<?>> rows() {
        return List.copyOf(ROWS);
    }

    private static <T> Setting<T> add(
            String name, ValueType<T> type, @Nullable String defaultText, String description) {
        Setting<T> setting = new Setting<>(
                name, Group.LISTENERS, Scope.GLOBAL, type, defaultText, List.of(), false, Change.RESTART, description);
        ROWS.add(setting);
        return setting;
    }

    /** What the values amount to; reports what is wrong with them. */
    static HttpAccess access(Values values, Problems problems) {
        String token = values.find(HTTP_TOKEN);
        String file = values.find(HTTP_TOKEN_FILE);
        boolean open = values.get(HTTP_PUBLIC);
        Setting<String> source = token == null ? HTTP_TOKEN_FILE : HTTP_TOKEN;
        if (token != null && file != null) {
            problems.add(
                    HTTP_TOKEN_FILE,
                    values.where(HTTP_TOKEN_FILE),
                    "http_token_file contradicts http_token (" + values.where(HTTP_TOKEN) + "): keep one of them");
        } else if (file != null) {
            try {
                token = SecretFiles.readLine(Path.of(file));
            } catch (BadValue e) {
                problems.add(HTTP_TOKEN_FILE, values.where(HTTP_TOKEN_FILE), String.valueOf(e.getMessage()));
            }
        }
        if (token == null) {
            return new HttpAccess(null, open);
        }
        // Bytes beyond ASCII have no certain meaning in a header, and a line end would end it.
        if (!token.chars().allMatch(c -> c > 0x20 && c < 0x7f)) {
            problems.add(
                    source,
                    values.where(source),
                    "the token may have visible ASCII characters only: make one with  openssl rand -hex 32");
        } else if (token.length() < SHORTEST_TOKEN) {
            problems.add(
                    source,
                    values.where(source),
                    "the token has " + token.length() + " characters and could be guessed; give it at least "
                            + SHORTEST_TOKEN + ": openssl rand -hex 32  makes one");
        }
        if (open) {
            problems.add(
                    values.where(HTTP_PUBLIC),
                    "http_public contradicts http_token (" + values.where(source) + "): keep one of them");
        }
        if (values.get(Settings.HTTP).isEmpty()) {
            problems.note(values.where(source), "the token has no effect, because http is off");
        }
        return new HttpAccess(new Secret(token), false);
    }
}
