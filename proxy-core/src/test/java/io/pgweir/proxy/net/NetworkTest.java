package io.pgweir.proxy.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.unix.DomainSocketAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;

class NetworkTest {
    @Test
    void anAddressOfIpv4CountsWithItselfAndOneOfIpv6WithItsNetwork() throws UnknownHostException {
        assertThat(of("2001:db8:1:2::1")).isEqualTo(of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assertThat(of("2001:db8:1:2::1")).isNotEqualTo(of("2001:db8:1:3::1"));
        assertThat(of("192.0.2.1")).isNotEqualTo(of("192.0.2.2"));
        assertThat(of("::ffff:192.0.2.1")).isEqualTo(of("192.0.2.1"));
        assertThat(of("255.255.255.255")).isNotEqualTo(of("127.255.255.255"));
        assertThat(of("192.0.2.1")).isNotEqualTo(of("::1"));
    }

    @Test
    void whatHasNoAddressOfTheInternetIsOneNetwork() throws UnknownHostException {
        assertThat(Network.of(new DomainSocketAddress("/tmp/a"))).isEqualTo(Network.of((InetAddress) null));
        assertThat(Network.of(new DomainSocketAddress("/tmp/a"))).isNotEqualTo(of("0.0.0.1"));
    }

    private static Network of(String address) throws UnknownHostException {
        InetAddress host = InetAddress.getByName(address);
        assertThat(Network.of(new InetSocketAddress(host, 1))).isEqualTo(Network.of(host));
        return Network.of(host);
    }
}
