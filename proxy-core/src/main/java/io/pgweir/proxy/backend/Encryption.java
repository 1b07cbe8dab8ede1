package io.pgweir.proxy.backend;

import io.pgweir.proxy.settings.SslMode;
import java.util.List;

/** What one attempt to connect does for the protection of the connection. */
enum Encryption {
    NONE,
    /** TLS if the server has it. */
    IF_OFFERED,
    TLS;

    /** What to try, in this order, until a server takes it: PostgreSQL manual, "SSL Mode Descriptions". */
    static List<Encryption> waysOf(SslMode mode) {
        return switch (mode) {
            case DISABLE -> List.of(NONE);
            case ALLOW -> List.of(NONE, TLS);
            case PREFER -> List.of(IF_OFFERED, NONE);
            case NO_VERIFY, REQUIRE, VERIFY_CA, VERIFY_FULL -> List.of(TLS);
        };
    }
}
