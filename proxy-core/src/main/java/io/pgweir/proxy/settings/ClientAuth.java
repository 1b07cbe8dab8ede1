package io.pgweir.proxy.settings;

/** How clients prove who they are. */
public enum ClientAuth {
    /** SCRAM-SHA-256 (RFC 5802, RFC 7677) with the passwords of the configuration, or of {@code auth_query}. */
    SCRAM,
    /** No proof is asked for: for sockets that only trusted programs can reach. */
    TRUST,
    /** SCRAM for all but those of whom only an MD5 hash is known, who prove it by MD5. */
    MD5,
    /** The password itself is sent. */
    PASSWORD,
    /** The client's certificate, whose common name is the user's name. */
    CERT;

    /** The value as people write it in flags, files and URLs. */
    public String text() {
        return Choices.text(this);
    }
}
