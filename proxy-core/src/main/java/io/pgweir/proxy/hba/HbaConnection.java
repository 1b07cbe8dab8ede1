package io.pgweir.proxy.hba;

/** Which connections a line is about. */
public enum HbaConnection {
    HOST,
    HOSTSSL,
    HOSTNOSSL;

    boolean admits(boolean encrypted) {
        return this == HOST || encrypted == (this == HOSTSSL);
    }
}
