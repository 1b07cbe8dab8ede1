package io.pgweir.proxy.session;

import io.netty.channel.Channel;
import io.pgweir.protocol.sql.Printable;
import io.pgweir.proxy.pool.Waiter;
import java.net.InetSocketAddress;

/** Who a client is, for people: what it calls itself, where it comes from, since when. On the session's loop. */
final class ClientIdentity {
    private static final int LONGEST_NAME = 64;

    private final Channel channel;
    private final ClientLimits limits;
    private final ClientSettings settings;
    private final Waiter waiter;
    private final long connectedAt = System.nanoTime();
    private long number;

    ClientIdentity(Channel channel, ClientLimits limits, ClientSettings settings, Waiter waiter) {
        this.channel = channel;
        this.limits = limits;
        this.settings = settings;
        this.waiter = waiter;
    }

    /** Its number among all clients of this process; 0 before it is open. */
    long number() {
        return number;
    }

    void number(long given) {
        number = given;
    }

    /** {@link System#nanoTime} of its login. */
    long connectedAt() {
        return connectedAt;
    }

    /** How long it has waited for a backend until now; -1 if it does not wait. */
    long waitedNanos() {
        return waiter.isArmed() ? waiter.waitedNanos() : -1;
    }

    /** How long it waited for the backend that it has got, or has not got; 0 once it has been taken. */
    long takeWait() {
        return waiter.takeWait();
    }

    /** What it calls itself by application_name; may be empty. */
    String application() {
        String name = settings.get("application_name");
        return name == null ? "" : Printable.shortened(Printable.of(name), LONGEST_NAME);
    }

    /** pgweir.label; may be empty. */
    String label() {
        String label = limits.label();
        return label == null ? "" : Printable.shortened(Printable.of(label), LONGEST_NAME);
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
