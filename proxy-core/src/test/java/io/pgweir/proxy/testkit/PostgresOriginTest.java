package io.pgweir.proxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;

/** Which of the three it is, and what is said about it. */
class PostgresOriginTest {

    private final ByteArrayOutputStream log = new ByteArrayOutputStream();

    @Test
    void aGivenUrlIsTakenBeforeAnEngineIsAsked() throws Exception {
        Map<String, String> environment = Map.of(
                "PGWEIR_TEST_DATABASE_URL", "postgres://db.example/postgres", "PGWEIR_TEST_POSTGRES", "container");
        assertThat(choose(environment, none("asked")).host()).isEqualTo("db.example");
    }

    @Test
    void aContainerIsTakenWhereThereIsOne() throws Exception {
        PostgresOrigin origin = choose(Map.of(), () -> named("container of postgres:17"));
        assertThat(origin.description()).isEqualTo("container of postgres:17");
        assertThat(said()).isEmpty();
    }

    @Test
    void withoutOneItIsEmbeddedAndOneLineSaysWhy() throws Exception {
        assertThat(choose(Map.of(), none("the engine is asleep")).description())
                .isEqualTo("embedded, because the engine is asleep");
        assertThat(said().lines()).containsExactly("The tests' PostgreSQL is embedded, because the engine is asleep");
    }

    @Test
    void whoAsksForAContainerGetsNoOther() {
        assertThatThrownBy(() -> choose(Map.of("PGWEIR_TEST_POSTGRES", "container"), none("the engine is asleep")))
                .isInstanceOf(NoContainer.class)
                .hasMessage("the engine is asleep");
    }

    @Test
    void whoAsksForTheEmbeddedOneWaitsForNoEngine() throws Exception {
        PostgresOrigin origin = choose(Map.of("PGWEIR_TEST_POSTGRES", "embedded"), () -> {
            throw new AssertionError("an engine was asked");
        });
        assertThat(origin.description()).startsWith("embedded");
    }

    @Test
    void anUnknownOneIsNamed() {
        assertThatThrownBy(() -> choose(Map.of("PGWEIR_TEST_POSTGRES", "docker"), none("")))
                .hasMessage("PGWEIR_TEST_POSTGRES is docker; it may be container or embedded");
    }

    private PostgresOrigin choose(Map<String, String> environment, Callable<PostgresOrigin> container)
            throws Exception {
        return PostgresOrigin.choose(
                environment, container, () -> named("embedded"), new PrintStream(log, true, StandardCharsets.UTF_8));
    }

    private String said() {
        return log.toString(StandardCharsets.UTF_8);
    }

    private static Callable<PostgresOrigin> none(String why) {
        return () -> {
            throw new NoContainer(why);
        };
    }

    private static PostgresOrigin named(String description) {
        return new PostgresOrigin(description, "127.0.0.1", 1, "postgres", null, true);
    }
}
