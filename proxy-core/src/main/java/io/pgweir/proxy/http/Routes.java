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

    /** @param about for the list of pages; empty: not in it */
    private record Route(String about, Function<Request, CompletableFuture<Answer>> answer) {}

    /** @param answer called on the HTTP loop; its result must complete there */
    void add(String path, String about, Supplier<CompletableFuture<Answer>> answer) {
        addAsking(path, about, request -> answer.get());
    }

    /** The same, for a page to which the query matters, or who asks. */
    void addAsking(String path, String about, Function<Request, CompletableFuture<Answer>> answer) {
        routes.put(path, new Route(about, answer));
    }

    /** A part of another page, of no use by itself. */
    void addPart(String path, Answer answer) {
        add(path, "", () -> now(answer));
    }

    /** An answer that is here already. */
    static CompletableFuture<Answer> now(Answer answer) {
        return CompletableFuture.completedFuture(answer);
    }

    /** What to say to a GET. */
    CompletableFuture<Answer> answer(Request request) {
        Route route = routes.get(request.path());
        return route == null
                ? now(Answer.text(HttpResponseStatus.NOT_FOUND, index("no such page; there are:")))
                : route.answer.apply(request);
    }

    /** The pages, a line each. */
    String index(String title) {
        StringBuilder page = new StringBuilder(title).append("\n\n");
        routes.forEach((path, route) -> {
            if (!route.about.isEmpty()) {
                page.append(path)
                        .append(" ".repeat(Math.max(1, 16 - path.length())))
                        .append(route.about)
                        .append('\n');
            }
        });
        return page.substring(0, page.length() - 1);
    }
}
