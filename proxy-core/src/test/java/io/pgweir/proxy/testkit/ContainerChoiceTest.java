package io.pgweir.proxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.testcontainers.dockerclient.TransportConfig;
import org.testcontainers.images.PullPolicy;

/** What an engine must have for the tests' PostgreSQL to come from it, and how long it may take to say so. */
class ContainerChoiceTest {

    private static final String RYUK = "testcontainers/ryuk:0.14.0";

    @ParameterizedTest
    @CsvSource({
        "debian:13 postgres:17, postgres:17",
        "postgres:17.2 postgres:17-alpine postgres:17 postgres:17.1, postgres:17",
        "postgres:9.6 postgres:17 postgres:18.0 postgres:latest postgres:19beta1, postgres:18.0",
        "postgres:100 postgres:99, postgres:100",
    })
    void theNewestImageIsTaken(String tags, String image) throws NoContainer {
        assertThat(ContainerPostgres.image(List.of(tags.split(" ")), true)).isEqualTo(image);
    }

    @ParameterizedTest
    @CsvSource({"''", "postgres:16.9", "postgres:latest", "mypostgres:17", "example.org/postgres:17", "<none>:<none>"})
    void withoutAnImageThatWillDoThereIsNoContainer(String tags) {
        assertThatThrownBy(() -> ContainerPostgres.image(List.of(tags.split(" ")), true))
                .isInstanceOf(NoContainer.class)
                .hasMessage("the Docker engine has no image postgres:VERSION of 17 or later");
    }

    @Test
    void theReapersImageIsNeededToo() throws NoContainer {
        assertThat(ContainerPostgres.image(List.of("postgres:17", RYUK), false)).isEqualTo("postgres:17");
        assertThatThrownBy(() -> ContainerPostgres.image(List.of("postgres:17"), false))
                .isInstanceOf(NoContainer.class)
                .hasMessageContaining("testcontainers/ryuk")
                .hasMessageContaining("TESTCONTAINERS_RYUK_DISABLED");
    }

    @Test
    void nothingIsPulledForTheReaperEither() {
        assertThat(PullPolicy.defaultPolicy()).isInstanceOf(NeverPull.class);
    }

    @Test
    void anEngineTellsItsImages() throws Exception {
        HttpServer engine = engine(200, "[{'Id':'1','RepoTags':['postgres:17','a:b']},{'Id':'2','RepoTags':null}]");
        try {
            URI uri = at(engine.getAddress().getPort());
            DockerEngine.awaitAnswer(uri, DockerEngine.ANSWER);
            assertThat(DockerEngine.tags(() -> transport(uri))).containsExactly("postgres:17", "a:b");
        } finally {
            engine.stop(0);
        }
    }

    @Test
    void anEngineThatFailsIsQuoted() throws Exception {
        HttpServer engine = engine(500, "{'message':'no space\\nleft'}");
        try {
            assertThatThrownBy(() -> DockerEngine.tags(
                            () -> transport(at(engine.getAddress().getPort()))))
                    .isInstanceOf(NoContainer.class)
                    .hasMessageStartingWith("the Docker engine has not told its images: ")
                    .hasMessageContaining("no space");
        } finally {
            engine.stop(0);
        }
    }

    @Test
    void anEngineThatHangsIsGivenUp() throws Exception {
        // Nobody accepts, but the kernel connects.
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            URI uri = at(silent.getLocalPort());
            long began = System.nanoTime();
            assertThatThrownBy(() -> DockerEngine.awaitAnswer(uri, Duration.ofMillis(200)))
                    .isInstanceOf(NoContainer.class)
                    .hasMessage("the Docker engine has not answered at " + uri + " within 200 ms");
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(3));
        }
    }

    @Test
    void anEngineThatHasLeftItsSocketIsNoEngine(@TempDir Path directory) throws Exception {
        Path socket = directory.resolve("docker.sock");
        try (ServerSocketChannel engine = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            engine.bind(UnixDomainSocketAddress.of(socket));
        }
        assertThatThrownBy(() -> DockerEngine.awaitAnswer(URI.create("unix://" + socket), DockerEngine.ANSWER))
                .isInstanceOf(NoContainer.class)
                .hasMessageContaining("has not answered at unix://" + socket)
                .hasMessageContaining("Connection refused");
    }

    private static URI at(int port) {
        return URI.create("tcp://127.0.0.1:" + port);
    }

    private static TransportConfig transport(URI engine) {
        return TransportConfig.builder().dockerHost(engine).build();
    }

    private static HttpServer engine(int status, String images) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            boolean asked = exchange.getRequestURI().getPath().endsWith("/images/json");
            byte[] body = (asked ? images.replace('\'', '"') : "OK").getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", asked ? "application/json" : "text/plain");
            exchange.sendResponseHeaders(asked ? status : 200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        return server;
    }
}
