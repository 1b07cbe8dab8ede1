package io.pgweir.cli;

/**
 * Switches of Netty's whose own defaults suit development rather than production. A system property of the same name,
 * given to Java, wins.
 */
final class NettyDefaults {
    private NettyDefaults() {}

    /** To be called before any class of Netty's is loaded. */
    static void set() {
        // By default one buffer in 128 records a stack trace: a tenth of a busy proxy's CPU time. Tests look for leaks.
        setUnlessGiven("io.netty.leakDetection.level", "disabled");
        // Flight recorder events of the allocator, which nobody records; their classes delay the start.
        setUnlessGiven("io.netty.jfr.enabled", "false");
    }

    private static void setUnlessGiven(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }
}
