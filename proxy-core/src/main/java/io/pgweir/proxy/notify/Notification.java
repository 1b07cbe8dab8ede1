package io.pgweir.proxy.notify;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.pgweir.protocol.wire.FrameScanner;
import java.nio.charset.StandardCharsets;

/**
 * One notification, made once for all clients that get it.
 *
 * @param channel empty if the message has none
 * @param message the whole NotificationResponse as PostgreSQL sent it; not to be modified
 */
public record Notification(String channel, byte[] message) {
    /** The NotificationResponse that lies in {@code in}. */
    public static Notification of(ByteBuf in, int at, int length) {
        return new Notification(channel(in, at, length), ByteBufUtil.getBytes(in, at, length));
    }

    /** The channel of the NotificationResponse in {@code in}, which may be cut behind it; empty if it is cut before. */
    public static String channel(ByteBuf in, int at, int length) {
        int name = at + FrameScanner.HEADER + 4;
        int end = in.indexOf(name, at + length, (byte) 0);
        return end < 0 ? "" : in.toString(name, end - name, StandardCharsets.UTF_8);
    }
}
