package io.pgweir.proxy.net;

import io.netty.channel.EventLoop;
import io.pgweir.protocol.sql.SessionEffectReader;
import io.pgweir.proxy.statistics.StatementTable;

/**
 * What one event loop owns.
 *
 * @param index from 0, dense
 * @param loop the Netty event loop
 * @param deadlines its deadlines
 * @param effectReader to be used on it, for one text at a time
 * @param statements what the statements of its clients cost
 */
public record LoopContext(
        int index, EventLoop loop, Deadlines deadlines, SessionEffectReader effectReader, StatementTable statements) {
    public LoopContext(int index, EventLoop loop) {
        this(index, loop, new Deadlines(loop), new SessionEffectReader(), new StatementTable());
    }
}
