package io.pgweir.proxy.hba;

/** What is asked of the certificate of a client, besides the method: option {@code clientcert}. */
public enum ClientCertificate {
    NONE,
    /** One that leads to a root of {@code tls_ca}. */
    VERIFY_CA,
    /** And is the user's: its common name is the user's name. */
    VERIFY_FULL
}
