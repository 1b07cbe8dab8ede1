package io.pgweir.proxy.net;

import io.netty.channel.EventLoop;

/**
 * What one event loop owns.
 *
 * @param index from 0, dense
 * @param loop the Netty event loop
 * @param deadlines its deadlines
 */
public record LoopContext(int index, EventLoop loop, Deadlines deadlines) {
    public LoopContext(int index, EventLoop loop) {
        this(index, loop, new Deadlines(loop));
    }
}
