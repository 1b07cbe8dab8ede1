package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.backend.Attachment;
import io.pgweir.proxy.backend.ErrorAction;

/** An attachment for work of pgweir's own, with no client behind it: what would be a client's is dropped. */
interface Unattended extends Attachment {
    @Override
    default void readyForQuery(byte status) {}

    @Override
    default void parameterStatus(String name, String value) {}

    @Override
    default void commandComplete(ByteBuf in, int at, int length) {}

    @Override
    default ErrorAction errorForClient(ErrorFields error) {
        return ErrorAction.SUPPRESS;
    }

    @Override
    default void replay() {}

    @Override
    default boolean wantsNotifications() {
        return false;
    }

    @Override
    default void readComplete() {}

    @Override
    default void cancelArrived() {}

    @Override
    default void backendWritabilityChanged() {}
}
