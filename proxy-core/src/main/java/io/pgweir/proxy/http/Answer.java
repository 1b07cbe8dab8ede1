package io.pgweir.proxy.http;

import io.netty.handler.codec.http.HttpResponseStatus;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * A whole HTTP answer.
 *
 * @param body never changed once it is here
 * @param headers what it has besides those that all answers have; may replace one of these
 */
record Answer(HttpResponseStatus status, String contentType, byte[] body, Map<String, String> headers) {
    Answer(HttpResponseStatus status, String contentType, byte[] body) {
        this(status, contentType, body, Map.of());
    }

    static Answer text(HttpResponseStatus status, String line) {
        return new Answer(status, "text/plain; charset=utf-8", (line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    static Answer json(String text) {
        return new Answer(HttpResponseStatus.OK, "application/json", text.getBytes(StandardCharsets.UTF_8));
    }

    Answer with(Map<String, String> more) {
        return new Answer(status, contentType, body, more);
    }
}
