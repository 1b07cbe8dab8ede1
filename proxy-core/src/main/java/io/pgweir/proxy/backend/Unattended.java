package io.pgweir.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.insight.HoldState;
import io.pgweir.proxy.insight.Holder;
import io.pgweir.proxy.insight.StatementBook;
import io.pgweir.proxy.insight.StatementView;

/** An attachment for work of pgweir's own, with no client behind it: what would be a client's is dropped. */
public interface Unattended extends Attachment {
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

    @Override
    default Holder holder(BackendConnection backend, StatementBook book) {
        long now = System.nanoTime();
        return new Holder(holdState(backend), "pgweir", StatementView.NONE, "", "none", backend.pid(), now, now);
    }

    @Override
    default HoldState holdState(BackendConnection backend) {
        return HoldState.ACTIVE;
    }
}
