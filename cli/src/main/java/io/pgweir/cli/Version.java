package io.pgweir.cli;

/** Which build this is. */
final class Version {
    private Version() {}

    /** The version of the jar, or {@code development} when run from classes. */
    static String number() {
        String version = Main.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    /** Version, Java and system on one line, as bug reports need them. */
    static String line() {
        return "pgweir " + number() + " (Java " + Runtime.version().feature() + ", " + System.getProperty("os.name")
                + " " + System.getProperty("os.arch") + ")";
    }
}
