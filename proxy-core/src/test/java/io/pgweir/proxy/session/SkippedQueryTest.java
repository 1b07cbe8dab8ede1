package io.pgweir.proxy.session;

import static io.pgweir.proxy.testkit.Frontend.query;
import static io.pgweir.proxy.testkit.Frontend.sync;
import static io.pgweir.proxy.testkit.Frontend.unnamed;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import org.junit.jupiter.api.Test;

/** After an error PostgreSQL skips a Query as well, up to Sync: until that has come, nobody else may have the backend. */
class SkippedQueryTest {
    @Test
    void aBackendThatSkipsToSyncIsNotGivenAwayBehindASkippedQuery() throws Exception {
        RealPostgres postgres = RealPostgres.get();
        String database = postgres.createDatabase();
        try (RunningProxy proxy = RunningProxy.before(postgres, "connection_limit", "1");
                WireClient client = WireClient.login(proxy.host(), proxy.port(), database, "postgres", null);
                WireClient other = WireClient.login(proxy.host(), proxy.port(), database, "postgres", null)) {
            // The Query goes out before the error is known; the Sync comes much later.
            client.send(unnamed("select 1/0 + pg_sleep(0.2)::text::int"), query("select 'skipped'"));
            assertThat(client.readUntil('E').toString()).contains("22012");
            other.send(query("select 'other'"));
            client.send(sync());
            assertThat(client.readUntilReady().toString()).contains("Z[I]").doesNotContain("skipped");
            assertThat(other.readUntilReady().toString()).contains("other");
            assertThat(client.query("select 2")).contains("D[2]").endsWith("Z[I]");
            proxy.awaitQuiet();
        }
    }
}
