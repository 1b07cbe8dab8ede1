package io.pgweir.proxy.notify;

/**
 * One notification, made once for all clients that get it.
 *
 * @param message the whole NotificationResponse as PostgreSQL sent it; not to be modified
 */
public record Notification(String channel, byte[] message) {}
