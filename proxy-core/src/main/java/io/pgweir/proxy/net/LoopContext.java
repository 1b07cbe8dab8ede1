package io.pgweir.proxy.net;

import io.netty.channel.EventLoop;
import io.pgweir.protocol.sql.SessionEffectReader;

/**
 * What one event loop owns.
 *
 * @param index from 0, dense
 * @param loop the Netty event loop
 * @param deadlines its deadlines
 * @param effectReader to be used on it, for one text at a time
 */
public record LoopContext(int index, EventLoop loop, Deadlines deadlines, SessionEffectReader effectReader) {
    public LoopContext(int index, EventLoop loop) {
        this(index, loop, new Deadlines(loop), new SessionEffectReader());
    }
}
