package io.pgweir.proxy.http;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;

/** Asks an HTTP server and waits for the answer. */
final class Http {
    private final HttpClient client = HttpClient.newHttpClient();
    private final InetSocketAddress address;

    Http(InetSocketAddress address) {
        this.address = address;
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send("GET", path, HttpRequest.BodyPublishers.noBody());
    }

    /** With further headers, in pairs of name and value. */
    HttpResponse<String> get(String path, String... headers) throws IOException, InterruptedException {
        HttpRequest request = request(path).headers(headers).build();
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    HttpResponse<String> send(String method, String path, HttpRequest.BodyPublisher body)
            throws IOException, InterruptedException {
        HttpRequest request = request(path).method(method, body).build();
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder()
                .uri(URI.create("http://127.0.0.1:" + address.getPort() + path))
                .timeout(Duration.ofSeconds(10));
    }

    /** A page that must be there, as JSON. */
    Map<?, ?> json(String path) throws IOException, InterruptedException {
        HttpResponse<String> answer = get(path);
        if (answer.statusCode() != 200) {
            throw new IOException(path + ": " + line(path));
        }
        return Json.object(answer.body());
    }

    /** Status and body in one line, for comparing. */
    String line(String path) throws IOException, InterruptedException {
        HttpResponse<String> answer = get(path);
        return answer.statusCode() + " " + answer.body().strip();
    }

    Exposition metrics() throws IOException, InterruptedException {
        return Exposition.parse(get("/metrics").body());
    }
}
