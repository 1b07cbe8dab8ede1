package io.pgweir.proxy.hba;

import java.util.List;

/**
 * Where clients of a line come from.
 *
 * @param all whether it is anywhere
 * @param ranges if not, from here
 */
public record HbaAddress(boolean all, List<HbaRange> ranges) {
    public HbaAddress {
        ranges = List.copyOf(ranges);
    }

    boolean admits(byte[] address) {
        return all || ranges.stream().anyMatch(range -> range.contains(address));
    }
}
