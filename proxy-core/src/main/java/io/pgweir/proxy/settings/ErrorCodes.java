package io.pgweir.proxy.settings;

/**
 * The SQLSTATEs of the errors that a driver may want under another one.
 *
 * @param poolTimeout no backend within pool_timeout, or the queue is full
 * @param backendUnavailable no backend can be opened
 * @param backendLost a backend died under a statement
 * @param statementTimeout a statement took too long
 * @param transactionTimeout a transaction took too long
 * @param idleInTransactionTimeout a client paused too long in a transaction
 */
public record ErrorCodes(
        String poolTimeout,
        String backendUnavailable,
        String backendLost,
        String statementTimeout,
        String transactionTimeout,
        String idleInTransactionTimeout) {}
