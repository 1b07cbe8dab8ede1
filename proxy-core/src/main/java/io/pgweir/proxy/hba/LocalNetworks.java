package io.pgweir.proxy.hba;

import java.net.InetAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;

/** The addresses of this machine and the networks that it is in, for {@code samehost} and {@code samenet}. */
public interface LocalNetworks {
    List<HbaRange> hosts() throws SocketException;

    List<HbaRange> networks() throws SocketException;

    /** Those that the machine has now. */
    static LocalNetworks ofThisMachine() {
        return new LocalNetworks() {
            @Override
            public List<HbaRange> hosts() throws SocketException {
                return ranges(true);
            }

            @Override
            public List<HbaRange> networks() throws SocketException {
                return ranges(false);
            }
        };
    }

    private static List<HbaRange> ranges(boolean single) throws SocketException {
        List<HbaRange> ranges = new ArrayList<>();
        Enumeration<NetworkInterface> interfaces = NetworkInterface.getNetworkInterfaces();
        while (interfaces.hasMoreElements()) {
            for (InterfaceAddress each : interfaces.nextElement().getInterfaceAddresses()) {
                InetAddress address = each.getAddress();
                byte[] bytes = HbaRange.bytes(address);
                int bits = bytes.length * 8;
                int prefix = each.getNetworkPrefixLength();
                ranges.add(HbaRange.of(bytes, single || prefix < 0 || prefix > bits ? bits : prefix));
            }
        }
        return ranges;
    }
}
