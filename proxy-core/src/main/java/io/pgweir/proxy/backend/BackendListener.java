package io.pgweir.proxy.backend;

import io.pgweir.proxy.settings.HostPort;

/** Told of what happens to a {@link BackendConnection} without anybody's doing. */
public interface BackendListener {
    /** The connection is gone for good; once, on the home loop. */
    void closed(BackendConnection backend);

    /** It was not closed by us; before {@link #closed}, on any loop. */
    default void lost(HostPort server, BackendFailure failure) {}

    /**
     * Since {@code begunAt} the server has answered neither it nor a CancelRequest: it is as good as a connect that is not answered. On
     * any loop.
     */
    default void silent(BackendConnection backend, long begunAt) {}

    /** While it was idle the server has reported another value of a parameter; on the owning loop. */
    default void reconfigured(BackendConnection backend) {}

    /** The server is something else now: see {@link ServerParameters#role}. On the owning loop. */
    default void roleChanged(BackendConnection backend) {}

    /**
     * The server may be something else now, but a client may have made it look so. On the owning loop.
     *
     * @param refused a statement was refused because it writes
     */
    default void roleDoubted(BackendConnection backend, boolean refused) {}
}
