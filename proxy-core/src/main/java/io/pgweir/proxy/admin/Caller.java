package io.pgweir.proxy.admin;

import io.pgweir.proxy.net.LoopContext;
import org.jspecify.annotations.Nullable;

/** Who uses the console by one connection. On its loop. */
final class Caller {
    /** The alias for those who know PgBouncer: there a command that it has gives its columns and no more. */
    static final String ALIAS = "pgbouncer";

    private final String user;
    private final String database;
    private final String address;
    private final boolean admin;
    private final LoopContext loop;
    private boolean inTransaction;
    private Forgetful statements = name -> {};

    /** Whoever keeps the caller's prepared statements. */
    interface Forgetful {
        /** @param name null: all of them */
        void deallocate(@Nullable String name);
    }

    Caller(String user, String database, String address, boolean admin, LoopContext loop) {
        this.user = user;
        this.database = database;
        this.address = address;
        this.admin = admin;
        this.loop = loop;
    }

    String user() {
        return user;
    }

    String database() {
        return database;
    }

    String address() {
        return address;
    }

    boolean isAdmin() {
        return admin;
    }

    LoopContext loop() {
        return loop;
    }

    boolean expectsPgBouncer() {
        return database.equals(ALIAS);
    }

    /** Commands take effect at once; drivers and tools believe that they are in a transaction all the same. */
    boolean isInTransaction() {
        return inTransaction;
    }

    void transaction(boolean open) {
        inTransaction = open;
    }

    void statements(Forgetful keeper) {
        statements = keeper;
    }

    Forgetful statements() {
        return statements;
    }
}
