package io.pgweir.proxy.settings;

/**
 * What clients may take of pgweir together. 0 stands for what suits the heap.
 *
 * @param maxUnauthenticated most connections that have not proved who they are
 * @param maxUnauthenticatedPerAddress the same from one address
 * @param bufferBytes most bytes held of what clients have sent and cannot be passed on yet
 */
public record ClientBounds(int maxUnauthenticated, int maxUnauthenticatedPerAddress, int bufferBytes) {}
