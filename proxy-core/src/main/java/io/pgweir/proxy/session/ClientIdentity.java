package io.pgweir.proxy.session;

import io.netty.channel.Channel;
import io.pgweir.protocol.sql.Printable;
import java.net.InetSocketAddress;

/** Who a client is, for people: what it calls itself, and where it comes from. */
final class ClientIdentity {
    private static final int LONGEST_NAME = 64;

    private final Channel channel;
    private final ClientLimits limits;
    private final ClientSettings settings;

    ClientIdentity(Channel channel, ClientLimits limits, ClientSettings settings) {
        this.channel = channel;
        this.limits = limits;
        this.settings = settings;
    }

    /** pgweir.label, else application_name, else the address. */
    String name() {
        String own = ownName();
        return own.isEmpty() ? host() : own;
    }

    private String ownName() {
        String label = limits.label();
        String name = label == null || label.isBlank() ? settings.get("application_name") : label;
        return name == null ? "" : Printable.shortened(Printable.of(name.strip()), LONGEST_NAME);
    }

    /**
     * Tells one client process from another, as well as can be from outside; empty for clients without a name. Any thread; of
     * a moment ago.
     */
    String process() {
        String own = ownName();
        return own.isEmpty() ? "" : host() + " " + own;
    }

    private String host() {
        return channel.remoteAddress() instanceof InetSocketAddress address
                ? address.getAddress().getHostAddress()
                : String.valueOf(channel.remoteAddress());
    }

    /** Address and port. */
    String address() {
        return channel.remoteAddress() instanceof InetSocketAddress address ? host() + ":" + address.getPort() : host();
    }
}
