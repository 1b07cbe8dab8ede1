package io.pgweir.protocol.wire;

import io.netty.buffer.ByteBuf;

/**
 * NotificationResponse: a NOTIFY on a channel this connection listens on.
 *
 * @param pid the notifying server process
 */
public record Notification(int pid, String channel, String payload) implements BackendMessage {
    /** @throws ProtocolViolation on a malformed body */
    public static Notification decode(ByteBuf body) {
        BodyReader in = new BodyReader(body);
        Notification notification = new Notification(in.int32(), in.string(), in.string());
        in.end();
        return notification;
    }

    @Override
    public void encode(ByteBuf buf) {
        BackendWriter.notificationResponse(buf, pid, channel, payload);
    }
}
