package io.pgweir.protocol.wire;

/**
 * The first word of a startup packet: a protocol version (major in the upper 16 bits, minor in the lower) or one of the
 * request codes that share its place.
 */
public final class ProtocolVersion {
    /** What every client of the last twenty years speaks. */
    public static final int V3_0 = 196608;
    /** PostgreSQL 18: cancel keys of up to 256 bytes. There is no 3.1. */
    public static final int V3_2 = 196610;
    /** The newest version these readers and writers know. */
    public static final int NEWEST = V3_2;

    public static final int CANCEL_REQUEST = 80877102;
    public static final int SSL_REQUEST = 80877103;
    public static final int GSSENC_REQUEST = 80877104;

    private ProtocolVersion() {}

    public static int major(int version) {
        return version >>> 16;
    }

    public static int minor(int version) {
        return version & 0xffff;
    }

    /** @throws IllegalArgumentException if a part does not fit into 16 bits */
    public static int of(int major, int minor) {
        if (major >>> 16 != 0 || minor >>> 16 != 0) {
            throw new IllegalArgumentException("no protocol version: " + major + "." + minor);
        }
        return major << 16 | minor;
    }
}
