package io.pgweir.proxy.settings;

/** Whose TLS is used. */
public enum TlsProviderChoice {
    /** BoringSSL where it can be loaded, else the JDK's. */
    AUTO,
    /** The JDK's. */
    JDK
}
