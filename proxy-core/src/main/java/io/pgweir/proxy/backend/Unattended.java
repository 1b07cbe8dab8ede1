package io.pgweir.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.insight.HoldState;
import io.pgweir.proxy.insight.Holder;
import io.pgweir.proxy.insight.StatementBook;
import io.pgweir.proxy.insight.StatementView;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.net.Outbound;

/**
 * Work of pgweir's own on a backend, with no client behind it: what would be a client's is dropped. The backend belongs to
 * {@link #loop} while this is attached; everything is called there.
 */
public abstract class Unattended implements Attachment {
    protected final LoopContext loop;
    private final Outbound nowhere = new Outbound();

    protected Unattended(LoopContext loop) {
        this.loop = loop;
    }

    @Override
    public final EventLoop eventLoop() {
        return loop.loop();
    }

    @Override
    public final Outbound toClient() {
        return nowhere;
    }

    @Override
    public void readyForQuery(byte status) {}

    @Override
    public void parameterStatus(String name, String value) {}

    @Override
    public void commandComplete(ByteBuf in, int at, int length) {}

    @Override
    public ErrorAction errorForClient(ErrorFields error) {
        return ErrorAction.SUPPRESS;
    }

    @Override
    public void replay() {}

    @Override
    public boolean wantsNotifications() {
        return false;
    }

    @Override
    public void readComplete() {}

    @Override
    public void cancelArrived() {}

    @Override
    public void backendWritabilityChanged() {}

    @Override
    public Holder holder(BackendConnection backend, StatementBook book) {
        long now = System.nanoTime();
        return new Holder(holdState(backend), "pgweir", StatementView.NONE, "", "none", backend.pid(), now, now);
    }

    @Override
    public HoldState holdState(BackendConnection backend) {
        return HoldState.ACTIVE;
    }
}
