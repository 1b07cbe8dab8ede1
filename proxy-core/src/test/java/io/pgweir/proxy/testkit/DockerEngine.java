package io.pgweir.proxy.testkit;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.model.Image;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.dockerclient.DockerClientProviderStrategy;
import org.testcontainers.dockerclient.TransportConfig;

/** Questions to a Docker engine that may be absent, refuse, or hang. Each has a limit, after which there is {@link NoContainer}. */
final class DockerEngine {

    /** An engine that runs answers in a tenth of a second. */
    static final Duration ANSWER = Duration.ofSeconds(3);

    /** Nearly all of it is for the classes of the client, which a busy machine takes 5 s to load. */
    static final Duration IMAGES = Duration.ofSeconds(30);

    private static final Path SOCKET = Path.of("/var/run/docker.sock");

    private DockerEngine() {}

    /** The names of the images of the engine that Testcontainers would use. */
    static List<String> tags() throws NoContainer {
        String host = System.getenv("DOCKER_HOST");
        if (host == null && !Files.exists(SOCKET)) {
            throw new NoContainer("there is no Docker engine: neither DOCKER_HOST nor " + SOCKET);
        }
        awaitAnswer(host == null ? URI.create("unix://" + SOCKET) : URI.create(host), ANSWER);
        return tags(() -> DockerClientFactory.instance().getTransportConfig());
    }

    /** Returns as soon as the engine has said anything. Asks with so little that the limit is for the engine alone. */
    static void awaitAnswer(URI engine, Duration limit) throws NoContainer {
        CompletableFuture<Void> answer = CompletableFuture.runAsync(
                () -> {
                    try {
                        awaitByte(engine);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                DockerEngine::inBackground);
        await(limit, "answered at " + engine, answer);
    }

    private static void awaitByte(URI engine) throws IOException {
        SocketAddress address;
        if ("unix".equals(engine.getScheme())) {
            address = UnixDomainSocketAddress.of(engine.getPath());
        } else if (engine.getHost() != null && engine.getPort() > 0) {
            address = new InetSocketAddress(engine.getHost(), engine.getPort());
        } else {
            return;
        }
        try (SocketChannel channel = SocketChannel.open(address)) {
            // An engine that stands still often answers /_ping. One that expects TLS says so, or closes.
            channel.write(ByteBuffer.wrap("GET /info HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
            channel.read(ByteBuffer.allocate(1));
        }
    }

    /**
     * The client is one of its own, because {@link DockerClientFactory#client()} starts Testcontainers' reaper first, whose image may be
     * missing.
     */
    static List<String> tags(Supplier<TransportConfig> engine) throws NoContainer {
        CompletableFuture<List<String>> answer = CompletableFuture.supplyAsync(
                () -> {
                    try (DockerClient client = DockerClientProviderStrategy.getClientForConfig(engine.get())) {
                        return client.listImagesCmd().exec().stream()
                                .map(Image::getRepoTags)
                                .filter(repoTags -> repoTags != null)
                                .flatMap(Arrays::stream)
                                .toList();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                DockerEngine::inBackground);
        return await(IMAGES, "told its images", answer);
    }

    /** {@code what} continues "the Docker engine has not". */
    static <T> T await(Duration limit, String what, CompletableFuture<T> work) throws NoContainer {
        try {
            return work.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new NoContainer("the Docker engine has not " + what + " within " + limit.toMillis() + " ms", e);
        } catch (ExecutionException e) {
            throw new NoContainer("the Docker engine has not " + what + ": " + rootMessage(e), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NoContainer("interrupted", e);
        }
    }

    private static String rootMessage(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage()).strip().replaceAll("\\s*\\R\\s*", " ");
    }

    /** A thread that is given up may hang for good, and must not keep the JVM. */
    static void inBackground(Runnable work) {
        Thread thread = new Thread(work, "docker-engine");
        thread.setDaemon(true);
        thread.start();
    }
}
