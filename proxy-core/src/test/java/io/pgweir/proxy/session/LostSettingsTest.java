package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.testkit.FaultProxy;
import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A client that was told that a setting is made never goes on without it unawares. */
class LostSettingsTest {
    @ParameterizedTest
    @ValueSource(strings = {"set search_path = own", "select set_config('search_path', 'own', false)"})
    void aBackendThatIsLostBeforePgweirKnowsTheSetting(String sets) throws Exception {
        RealPostgres postgres = RealPostgres.get();
        String database = postgres.createDatabase();
        try (FaultProxy network = FaultProxy.to(postgres.host(), postgres.port(), 1);
                RunningProxy proxy = RunningProxy.before(network, "connection_limit", "2");
                WireClient client = WireClient.login(proxy.host(), proxy.port(), database, "postgres", null)) {
            client.query("select 1");
            proxy.awaitQuiet();
            byte[] set = Frontend.query(sets);
            network.toServer().cutOnceAfter(set.length); // what follows is pgweir's question
            assertThat(client.exchange(set)).doesNotContain("E[").endsWith("Z[I]");
            await().until(() -> proxy.pool(database, "postgres").open() == 0);
            assertThat(client.query("show search_path"))
                    .contains("E[08006", "could not be found out")
                    .endsWith("Z[I]");
            assertThat(client.query(sets)).doesNotContain("E[");
            assertThat(client.query("show search_path")).contains("D[own]");
            proxy.awaitQuiet();
        }
        postgres.dropDatabase(database);
    }
}
