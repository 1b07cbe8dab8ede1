package io.pgweir.proxy.metrics;

import io.pgweir.protocol.wire.FrontendType;

/** What one event loop has passed between the clients and the servers of one pool. */
public final class Traffic {
    /** Bytes read from clients after their login. */
    public final Counter received = new Counter();

    /** Bytes of servers' messages passed on to clients; counted at each ReadyForQuery. */
    public final Counter sent = new Counter();

    /** Parse messages of clients that had a backend; that backend may have known the statement. */
    public final Counter clientParses = new Counter();

    /** Parse messages sent to servers for clients' statements, by them or by pgweir; counted at each ReadyForQuery. */
    public final Counter serverParses = new Counter();

    /** Bind messages of clients, as passed on. */
    public final Counter binds = new Counter();

    /** A message of the extended protocol has come from a client. @param type as in the protocol */
    public void extended(byte type) {
        if (type == FrontendType.PARSE) {
            clientParses.increment();
        } else if (type == FrontendType.BIND) {
            binds.increment();
        }
    }
}
