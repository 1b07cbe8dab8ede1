package io.pgweir.proxy.http;

import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;

/** The paths there are, and who answers them. One thread. */
final class Routes {
    private final Map<String, Route> routes = new LinkedHashMap<>();

    private record Route(String about, Function<String, CompletableFuture<Answer>> answer) {}

    Routes() {
        add("/", "this page", () -> now(Answer.text(HttpResponseStatus.OK, index("pgweir"))));
    }

    /** @param answer called on the HTTP loop; its result must complete there */
    void add(String path, String about, Supplier<CompletableFuture<Answer>> answer) {
        addAsking(path, about, uri -> answer.get());
    }

    /** The same where the query of the URI matters. */
    void addAsking(String path, String about, Function<String, CompletableFuture<Answer>> answer) {
        routes.put(path, new Route(about, answer));
    }

    /** An answer that is here already. */
    static CompletableFuture<Answer> now(Answer answer) {
        return CompletableFuture.completedFuture(answer);
    }

    /** What to say to a GET of {@code uri}; its query matters to {@link #addAsking} only. */
    CompletableFuture<Answer> answer(String uri) {
        int query = uri.indexOf('?');
        Route route = routes.get(query < 0 ? uri : uri.substring(0, query));
        return route == null
                ? now(Answer.text(HttpResponseStatus.NOT_FOUND, index("no such page; there are:")))
                : route.answer.apply(uri);
    }

    private String index(String title) {
        StringBuilder page = new StringBuilder(title).append("\n\n");
        routes.forEach((path, route) -> page.append(path)
                .append(" ".repeat(16 - path.length()))
                .append(route.about)
                .append('\n'));
        return page.substring(0, page.length() - 1);
    }
}
