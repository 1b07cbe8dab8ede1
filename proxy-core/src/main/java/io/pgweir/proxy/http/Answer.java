package io.pgweir.proxy.http;

import io.netty.handler.codec.http.HttpResponseStatus;
import java.nio.charset.StandardCharsets;

/**
 * A whole HTTP answer.
 *
 * @param body never changed once it is here
 */
record Answer(HttpResponseStatus status, String contentType, byte[] body) {
    static Answer text(HttpResponseStatus status, String line) {
        return new Answer(status, "text/plain; charset=utf-8", (line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    static Answer json(String text) {
        return new Answer(HttpResponseStatus.OK, "application/json", text.getBytes(StandardCharsets.UTF_8));
    }
}
