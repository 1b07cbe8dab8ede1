package io.pgweir.proxy.net;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Whom an address counts with where strangers are told apart by their addresses: one of IPv4 with itself, one of IPv6 with the /64
 * that it lies in, which is what one host is given.
 *
 * @param prefix the first half of the IPv6 address; IPv4 addresses stand where IPv6 maps them to, which is in no host's /64; 0
 *     without an address
 */
public record Network(long prefix) {
    public static Network of(@Nullable SocketAddress address) {
        return of(address instanceof InetSocketAddress internet ? internet.getAddress() : null);
    }

    public static Network of(@Nullable InetAddress host) {
        if (host instanceof Inet4Address) {
            return new Network(
                    0xffff_0000_0000L | ByteBuffer.wrap(host.getAddress()).getInt() & 0xffff_ffffL);
        }
        return new Network(
                host instanceof Inet6Address
                        ? ByteBuffer.wrap(host.getAddress()).getLong()
                        : 0);
    }
}
