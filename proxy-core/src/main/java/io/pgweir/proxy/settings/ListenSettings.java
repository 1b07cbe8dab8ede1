package io.pgweir.proxy.settings;

/**
 * What rules LISTEN in one pool.
 *
 * @param mode whether clients share a listening backend
 * @param extraConnection the listening backend is one more than connection_limit; else it is one of them
 * @param bufferBytes most bytes of notifications that wait for one client
 */
public record ListenSettings(ListenMode mode, boolean extraConnection, int bufferBytes) {
    /** These, but what needs a restart as it is in {@code running}. */
    ListenSettings keeping(ListenSettings running) {
        return new ListenSettings(running.mode, running.extraConnection, bufferBytes);
    }
}
