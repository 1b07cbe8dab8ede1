package io.pgweir.proxy.session;

import io.pgweir.proxy.pool.PoolKey;

/**
 * One client at one moment, for people. Times are those of {@link System#nanoTime}.
 *
 * @param number its own among all clients of this process
 * @param state {@code idle}, {@code active} (it has a backend) or {@code waiting} (for one)
 * @param transaction {@code none}, {@code deferred} (begun, and no backend asked for yet), {@code open}, {@code failed}
 * @param address where it comes from
 * @param local the address that it has connected to
 * @param requestAt when its last request began, or ended if none runs; 0: it has sent none yet
 * @param waitedNanos how long it has waited for a backend; -1: it does not wait
 * @param backend its backend as {@code host:port/pid}; empty: it has none
 * @param backendPid 0: none
 * @param application what it calls itself by application_name
 * @param label what it calls itself by pgweir.label
 * @param kept what it keeps the backend for between transactions; empty: nothing
 */
public record ClientSnapshot(
        long number,
        PoolKey pool,
        String state,
        String transaction,
        Endpoint address,
        Endpoint local,
        String tls,
        long connectedAt,
        long requestAt,
        long waitedNanos,
        String backend,
        int backendPid,
        String application,
        String label,
        String kept) {

    /** One end of a connection. @param port 0: it has none */
    public record Endpoint(String host, int port) {
        public static Endpoint of(java.net.@org.jspecify.annotations.Nullable SocketAddress address) {
            return address instanceof java.net.InetSocketAddress inet && inet.getAddress() != null
                    ? new Endpoint(inet.getAddress().getHostAddress(), inet.getPort())
                    : new Endpoint(String.valueOf(address), 0);
        }
    }
}
