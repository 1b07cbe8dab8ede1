package io.pgweir.proxy.admin;

import org.jspecify.annotations.Nullable;

/** Which build this is, by the manifest of its jar. */
public final class Version {
    public static final String NUMBER = of(Version.class.getPackage().getImplementationVersion());

    private Version() {}

    private static String of(@Nullable String manifest) {
        return manifest == null ? "development" : manifest;
    }
}
