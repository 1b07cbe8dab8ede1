package io.pgweir.proxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * Where a Docker engine has an image of PostgreSQL, that is what the tests run on. Elsewhere this is skipped and says why; with
 * {@code PGWEIR_TEST_POSTGRES=container} it fails instead.
 */
class ContainerPostgresTest {

    private static final String CONTAINER = "container of postgres:";

    @Test
    void anImageThatIsHereIsTheServerOfTheTests() throws Exception {
        RealPostgres postgres = RealPostgres.get();
        if (!postgres.describe().startsWith(CONTAINER)) {
            String why = "nothing was tried in a container: the tests' PostgreSQL is " + postgres.describe();
            System.err.println("SKIPPED ContainerPostgresTest: " + why);
            Assumptions.abort(why);
        }
        String major = postgres.describe().substring(CONTAINER.length()).replaceAll("\\D.*", "");
        assertThat(postgres.queryForString("SHOW server_version")).startsWith(major + ".");
        assertThat(postgres.queryForString("SHOW fsync")).isEqualTo("off");
        assertThat(postgres.checksPasswords()).isTrue();
        try (RunningProxy proxy = RunningProxy.before(postgres);
                WireClient client = WireClient.login("127.0.0.1", proxy.port(), "postgres", "postgres", null)) {
            // The port inside of the container, which is mapped to another one here.
            assertThat(client.query("SELECT inet_server_port()")).contains("D[5432]");
        }
        assertThat(postgres.port()).isNotEqualTo(5432);
    }
}
