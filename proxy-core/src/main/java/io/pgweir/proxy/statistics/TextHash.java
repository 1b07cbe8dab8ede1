package io.pgweir.proxy.statistics;

import io.netty.buffer.ByteBuf;

/** A cheap hash of a text as it is, to find again what is known of it: eight bytes at a time. */
final class TextHash {
    private static final long PRIME = 0x9e3779b97f4a7c15L;

    private TextHash() {}

    static long of(ByteBuf in, int from, int to, long seed) {
        long hash = seed ^ (to - from) * PRIME;
        int at = from;
        for (int last = to - Long.BYTES; at <= last; at += Long.BYTES) {
            hash = mix(hash, in.getLong(at));
        }
        long rest = 0;
        for (; at < to; at++) {
            rest = rest << Byte.SIZE | (in.getByte(at) & 0xff);
        }
        return mix(hash, rest);
    }

    static long mix(long hash, long word) {
        long mixed = (hash ^ word) * PRIME;
        return mixed ^ mixed >>> 29;
    }
}
