package io.pgweir.proxy.drivers;

import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;

/** The ways of pooling that every driver is tried with: 20 connections of a client, 3 backends where they can be shared. */
enum Setup {
    TRANSACTION("transaction", "false", 3),
    SHUFFLE("transaction", "true", 3),
    SESSION("session", "false", 20);

    static final int CONNECTIONS = 20;

    private final String mode;
    private final String shuffle;
    private final int limit;

    Setup(String mode, String shuffle, int limit) {
        this.mode = mode;
        this.shuffle = shuffle;
        this.limit = limit;
    }

    int limit() {
        return limit;
    }

    /** Two event loops, and no limits on how long things may take, unless said otherwise. */
    RunningProxy before(RealPostgres postgres, String... more) {
        String[] settings = new String[more.length + 6];
        settings[0] = "pool_mode";
        settings[1] = mode;
        settings[2] = "shuffle";
        settings[3] = shuffle;
        settings[4] = "connection_limit";
        settings[5] = String.valueOf(limit);
        System.arraycopy(more, 0, settings, 6, more.length);
        return RunningProxy.before(postgres, settings);
    }
}
