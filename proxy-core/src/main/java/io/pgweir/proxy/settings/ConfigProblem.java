package io.pgweir.proxy.settings;

/**
 * Something that is wrong with the configuration, or (as a note) worth knowing.
 *
 * @param where {@code pgweir.yaml:12:5}, {@code --pool-timeout}, {@code PGWEIR_POOL_TIMEOUT}, {@code DATABASE_URL}
 * @param message one sentence: what is wrong and what to do; never a password
 * @param setting the name of the setting or key whose value is lost by it, as {@code pool_timeout}; empty: of none in particular
 */
public record ConfigProblem(String where, String message, String setting) {
    public ConfigProblem(String where, String message) {
        this(where, message, "");
    }

    @Override
    public String toString() {
        return where + ": " + message;
    }
}
