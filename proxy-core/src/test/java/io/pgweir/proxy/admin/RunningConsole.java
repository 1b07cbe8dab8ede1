package io.pgweir.proxy.admin;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** What tests of the console's commands begin with: a proxy, its console, and clients of one database. */
abstract class RunningConsole {
    static final RealPostgres POSTGRES = RealPostgres.get();
    RunningProxy proxy;
    Connection console;

    /** The database that {@link #login} is to. */
    abstract String database();

    /** {@code settings} in pairs of name and value. */
    final void start(String... settings) throws Exception {
        List<String> all = new ArrayList<>(List.of(Consoles.USERS));
        all.addAll(List.of(settings));
        proxy = RunningProxy.before(POSTGRES, all.toArray(String[]::new));
        console = Consoles.open(proxy);
    }

    @AfterEach
    void stop() throws Exception {
        console.close();
        proxy.close();
    }

    final WireClient login() throws IOException {
        return WireClient.login(proxy.host(), proxy.port(), database(), "postgres", null);
    }
}
