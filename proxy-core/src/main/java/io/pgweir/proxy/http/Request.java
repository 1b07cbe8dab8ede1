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
 * @param acceptsHtml whether it comes from a browser, as far as it says
 */
record Request(
        String uri,
        String path,
        List<String> hosts,
        @Nullable String authorization,
        boolean acceptsHtml) {
    static Request of(HttpRequest request) {
        String uri = request.uri();
        int query = uri.indexOf('?');
        boolean html = request.headers().getAll(HttpHeaderNames.ACCEPT).stream()
                .anyMatch(accept -> accept.toLowerCase(Locale.ROOT).contains("text/html"));
        return new Request(
                uri,
                query < 0 ? uri : uri.substring(0, query),
                request.headers().getAll(HttpHeaderNames.HOST),
                request.headers().get(HttpHeaderNames.AUTHORIZATION),
                html);
    }
}
