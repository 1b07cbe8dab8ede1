package io.pgweir.proxy.hba;

import org.jspecify.annotations.Nullable;

/** How a client proves who it is, by the names of pg_hba.conf (chapter "Authentication Methods"). */
public enum HbaMethod {
    REJECT("reject"),
    TRUST("trust"),
    SCRAM_SHA_256("scram-sha-256"),
    /** SCRAM for all but those of whom only an MD5 hash is known. */
    MD5("md5"),
    /** The password itself is sent. */
    PASSWORD("password"),
    CERT("cert");

    private final String text;

    HbaMethod(String text) {
        this.text = text;
    }

    /** The word of the file. */
    public String text() {
        return text;
    }

    static @Nullable HbaMethod of(String word) {
        for (HbaMethod method : values()) {
            if (method.text.equals(word)) {
                return method;
            }
        }
        return null;
    }
}
