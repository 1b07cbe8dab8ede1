package io.pgweir.proxy.http;

import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;

/**
 * The page for people, and its parts. It loads nothing from elsewhere, and its policy lets it run nothing but its own script.
 *
 * @param page the page itself
 * @param parts what it loads, by path
 */
record DashboardPage(Answer page, Map<String, Answer> parts) {
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
            + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    static DashboardPage load() {
        Answer page = resource("dashboard.html", "text/html; charset=utf-8");
        return new DashboardPage(
                page.with(Map.of("Content-Security-Policy", POLICY)),
                Map.of(
                        "/dashboard.css", resource("dashboard.css", "text/css; charset=utf-8"),
                        "/dashboard.js", resource("dashboard.js", "text/javascript; charset=utf-8"),
                        "/charts.js", resource("charts.js", "text/javascript; charset=utf-8"),
                        "/dashboard.svg", resource("dashboard.svg", "image/svg+xml")));
    }

    private static Answer resource(String name, String type) {
        try (InputStream in = DashboardPage.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks " + name);
            }
            return new Answer(HttpResponseStatus.OK, type, in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
