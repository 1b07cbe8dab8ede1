package io.pgweir.proxy.http;

import io.pgweir.proxy.net.EventLoops;
import io.pgweir.proxy.session.PoolDirectory;
import io.pgweir.proxy.session.Sessions;
import java.net.InetSocketAddress;

/** Placeholder until the next commit. */
public final class HttpEndpoints {
    public HttpEndpoints(PoolDirectory pools, Sessions sessions, EventLoops loops) {}

    public void bind(InetSocketAddress address) {}

    public InetSocketAddress address() {
        return new InetSocketAddress(0);
    }

    public void close() {}
}
