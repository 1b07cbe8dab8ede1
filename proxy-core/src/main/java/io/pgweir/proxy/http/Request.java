package io.pgweir.proxy.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What matters of a GET.
 *
 * @param uri with the query
 * @param path without it
 * @param hosts what it is asked by the names of: every Host header, mostly one
 * @param authorization the header of this name
 * @param wantsText whether it asks for plain text and not for HTML
 */
record Request(
        String uri,
        String path,
        List<String> hosts,
        @Nullable String authorization,
        boolean wantsText) {
    static Request of(HttpRequest request) {
        String uri = request.uri();
        int query = uri.indexOf('?');
        boolean text = request.headers().getAll(HttpHeaderNames.ACCEPT).stream()
                .map(accept -> accept.toLowerCase(Locale.ROOT))
                .anyMatch(accept -> accept.contains("text/plain") && !accept.contains("text/html"));
        return new Request(
                uri,
                query < 0 ? uri : uri.substring(0, query),
                request.headers().getAll(HttpHeaderNames.HOST),
                request.headers().get(HttpHeaderNames.AUTHORIZATION),
                text);
    }
}
