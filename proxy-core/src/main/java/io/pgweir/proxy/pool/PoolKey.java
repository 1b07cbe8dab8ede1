package io.pgweir.proxy.pool;

/** What backends are shared by: nobody ever works on a backend of another database or user. */
public record PoolKey(String database, String user) {
    @Override
    public String toString() {
        return database + "/" + user;
    }
}
