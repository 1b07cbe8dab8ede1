package io.pgweir.proxy.tls;

import java.nio.file.Path;

/**
 * A file and what it held when it was read.
 *
 * @param setting the setting that names it, for messages
 */
record TlsFile(String setting, Path path, byte[] bytes) {
    /** How messages call it. */
    String label() {
        return setting + " '" + path + "'";
    }
}
