package io.pgweir.proxy.hba;

import io.pgweir.proxy.hba.HbaTokens.Token;
import java.net.InetAddress;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the address of a line: a keyword, an address with the length of its mask behind a slash, or address and mask. */
final class HbaAddressReader {
    private static final Pattern IPV4 = Pattern.compile("(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)(?:\\.(?!$)|$)){4}");
    private static final Pattern IPV6 = Pattern.compile("[0-9A-Fa-f:][0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");

    private final LocalNetworks networks;
    private final Consumer<String> problem;

    HbaAddressReader(LocalNetworks networks, Consumer<String> problem) {
        this.networks = networks;
        this.problem = problem;
    }

    /** Null after a problem. */
    @Nullable
    HbaAddress read(HbaParser.Fields fields) {
        Token token = fields.single("IP address specification");
        if (token == null) {
            return null;
        }
        try {
            if (token.is("all")) {
                return new HbaAddress(true, List.of());
            } else if (token.is("samehost")) {
                return new HbaAddress(false, networks.hosts());
            } else if (token.is("samenet")) {
                return new HbaAddress(false, networks.networks());
            }
        } catch (SocketException e) {
            problem.accept(token.text() + ": the addresses of this machine cannot be found out: " + e.getMessage());
            return null;
        }
        HbaRange range = range(token.text(), fields);
        return range == null ? null : new HbaAddress(false, List.of(range));
    }

    private @Nullable HbaRange range(String text, HbaParser.Fields fields) {
        int slash = text.indexOf('/');
        byte[] address = bytes(slash < 0 ? text : text.substring(0, slash));
        if (address == null) {
            problem.accept(
                    "\"" + text + "\" is no IP address, and host names are not looked up: write an address such as"
                            + " 10.0.0.0/8, or all, samehost or samenet");
            return null;
        }
        if (slash >= 0) {
            return withPrefix(address, text, text.substring(slash + 1));
        }
        Token mask = fields.single("netmask specification");
        if (mask == null) {
            return null;
        }
        byte[] bits = bytes(mask.text());
        if (bits == null) {
            problem.accept("invalid IP mask \"" + mask.text() + "\": write the length of the mask behind the address ("
                    + text + "/" + address.length * 8 + "), or a mask such as 255.255.255.0");
            return null;
        }
        if (bits.length != address.length) {
            problem.accept("IP address and mask do not match: one is IPv4 and the other IPv6");
            return null;
        }
        return new HbaRange(address, bits);
    }

    private @Nullable HbaRange withPrefix(byte[] address, String text, String length) {
        int most = address.length * 8;
        boolean digits = length.matches("\\d{1,3}");
        if (!digits || Integer.parseInt(length) > most) {
            problem.accept("invalid CIDR mask in address \"" + text + "\": write a number from 0 to " + most);
            return null;
        }
        return HbaRange.of(address, Integer.parseInt(length));
    }

    /** Null if it is no address; names are never looked up. */
    private static byte @Nullable [] bytes(String text) {
        if (!IPV4.matcher(text).matches() && !IPV6.matcher(text).matches()) {
            return null;
        }
        try {
            return HbaRange.bytes(InetAddress.getByName(text));
        } catch (UnknownHostException e) {
            return null;
        }
    }
}
