package io.pgweir.proxy.hba;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Addresses of one family: those that agree with {@code address} in the bits of {@code mask}.
 *
 * @param address 4 or 16 bytes
 * @param mask as many
 */
public record HbaRange(byte[] address, byte[] mask) {
    private static final int IPV4 = 4;

    public HbaRange {
        if (address.length != mask.length) {
            throw new IllegalArgumentException("address and mask of different families");
        }
    }

    /** A range of whole bits from the left. */
    static HbaRange of(byte[] address, int prefix) {
        byte[] mask = new byte[address.length];
        for (int bit = 0; bit < prefix; bit++) {
            mask[bit / 8] |= (byte) (0x80 >> (bit % 8));
        }
        return new HbaRange(address, mask);
    }

    boolean contains(byte[] other) {
        if (other.length != address.length) {
            return false;
        }
        for (int i = 0; i < address.length; i++) {
            if (((address[i] ^ other[i]) & mask[i]) != 0) {
                return false;
            }
        }
        return true;
    }

    /** The bytes of an address; one of IPv4 that a socket of IPv6 shows as its own is one of IPv4. */
    static byte[] bytes(InetAddress address) {
        byte[] bytes = address.getAddress();
        boolean mapped = bytes.length > IPV4 && bytes[10] == -1 && bytes[11] == -1;
        for (int i = 0; mapped && i < 10; i++) {
            mapped = bytes[i] == 0;
        }
        return mapped ? Arrays.copyOfRange(bytes, 12, 16) : bytes;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof HbaRange that && Arrays.equals(address, that.address) && Arrays.equals(mask, that.mask);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(address);
    }

    @Override
    public String toString() {
        return HexFormat.of().formatHex(address) + "/" + HexFormat.of().formatHex(mask);
    }
}
