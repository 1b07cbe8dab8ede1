package io.pgweir.proxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Where a Docker engine has an image of PostgreSQL, that is what the tests run on; elsewhere this is skipped, and says so. */
class ContainerPostgresTest {

    @Test
    void anImageThatIsHereIsTheServerOfTheTests() throws Exception {
        Optional<String> image = PostgresOrigin.localImage();
        if (image.isEmpty()) {
            System.out.println(
                    "SKIPPED ContainerPostgresTest: no Docker engine answers that has an image postgres:VERSION, and"
                            + " testcontainers/ryuk or TESTCONTAINERS_RYUK_DISABLED=true");
        }
        assumeThat(image).isPresent();
        assumeThat(System.getenv("PGWEIR_TEST_DATABASE_URL")).isNull();
        RealPostgres postgres = RealPostgres.get();
        assertThat(postgres.describe()).isEqualTo("container of " + image.orElseThrow());
        assertThat(postgres.queryForString("SHOW server_version"))
                .startsWith(image.orElseThrow().replaceAll("postgres:(\\d+).*", "$1"));
        assertThat(postgres.queryForString("SHOW fsync")).isEqualTo("off");
        try (RunningProxy proxy = RunningProxy.before(postgres);
                WireClient client = WireClient.login("127.0.0.1", proxy.port(), "postgres", "postgres", null)) {
            // The port inside of the container, which is mapped to another one here.
            assertThat(client.query("SELECT inet_server_port()")).contains("D[5432]");
        }
    }
}
