package io.pgweir.cli;

import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.LoadedConfig;
import io.pgweir.proxy.settings.Secret;
import io.pgweir.proxy.settings.Settings;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Asks the pages of a pgweir that runs. */
final class RunningPgweir {
    /** What to say if there is none to ask. */
    static final String OFF = "pgweir: health is not served, because http is off; give pgweir an address for it, as"
            + " --http 127.0.0.1:6433";

    /** The answer itself takes up to half a second. */
    private static final int PATIENCE_MILLIS = 2_000;

    /** For what it asks its event loops: the answer takes 5 s if one of them does not turn. */
    private static final int LOOPS_PATIENCE_MILLIS = 7_000;

    private static final int LONGEST_ANSWER = 16 << 20;

    private final HostPort address;
    private final @Nullable Secret token;

    /** @param status of HTTP */
    record Answer(int status, String body) {
        boolean isOk() {
            return status == HttpURLConnection.HTTP_OK;
        }
    }

    private RunningPgweir(HostPort address, @Nullable Secret token) {
        this.address = address;
        this.token = token;
    }

    /**
     * The one that a configuration is of; null if it serves no HTTP.
     *
     * @param loaded only its address and its token count
     */
    static @Nullable RunningPgweir of(LoadedConfig loaded) {
        String http = loaded.text(Settings.HTTP);
        return http.equals("off")
                ? null
                : new RunningPgweir(
                        reachable(HostPort.parse(http)), loaded.httpAccess().token());
    }

    /** Where an address to listen on can be reached from here. */
    private static HostPort reachable(HostPort address) {
        return switch (address.host()) {
            case "0.0.0.0" -> new HostPort("127.0.0.1", address.port());
            case "::" -> new HostPort("::1", address.port());
            default -> address;
        };
    }

    HostPort address() {
        return address;
    }

    /** @throws IOException if nobody answers, or not in time */
    Answer get(String path) throws IOException {
        return get(path, PATIENCE_MILLIS);
    }

    /** Who holds connections, longest first, a line each; or why that is not known. */
    List<String> holders() {
        try {
            Answer answer = get("/api/holders", LOOPS_PATIENCE_MILLIS);
            return answer.isOk()
                    ? StatusText.holders(Facts.parse(answer.body()))
                    : List.of("Who holds connections is not known: "
                            + answer.body().strip());
        } catch (IOException e) {
            return List.of("Who holds connections is not known: " + e.getMessage());
        }
    }

    private Answer get(String path, int patienceMillis) throws IOException {
        HttpURLConnection connection = (HttpURLConnection)
                URI.create("http://" + address + path).toURL().openConnection(Proxy.NO_PROXY);
        connection.setConnectTimeout(PATIENCE_MILLIS);
        connection.setReadTimeout(patienceMillis);
        connection.setInstanceFollowRedirects(false);
        if (token != null) {
            connection.setRequestProperty("Authorization", "Bearer " + token.reveal());
        }
        int status = connection.getResponseCode();
        try (InputStream body = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            byte[] bytes = body == null ? new byte[0] : body.readNBytes(LONGEST_ANSWER);
            return new Answer(status, new String(bytes, StandardCharsets.UTF_8));
        }
    }

    /** What to say if nobody has answered. */
    String silent(IOException why) {
        return "pgweir: no answer from " + address + ": " + why.getMessage()
                + "; is pgweir running, and is this its address (--http)?";
    }

    /** What to say of an answer that is none of pgweir's. */
    String strange(Answer answer) {
        return "no pgweir at " + address + "? HTTP status " + answer.status() + "; see --http";
    }
}
