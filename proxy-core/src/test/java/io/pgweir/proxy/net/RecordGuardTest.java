package io.pgweir.proxy.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RecordGuardTest {
    private final List<Integer> kept = new ArrayList<>();
    private final RecordGuard guard = new RecordGuard(kept::add);

    /** Stands for the SslHandler: what has an odd length ends a record. */
    private final EmbeddedChannel channel = new EmbeddedChannel(guard, new ChannelInboundHandlerAdapter() {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (((ByteBuf) message).readableBytes() % 2 == 1) {
                guard.decoded();
            }
            ctx.fireChannelRead(message);
        }
    });

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    private ByteBuf read(int bytes) {
        ByteBuf message = Unpooled.buffer().writeZero(bytes);
        channel.writeInbound(message);
        return message;
    }

    @Test
    void whatHasComeSinceSomethingWasDecryptedMayBeKept() {
        read(100);
        read(200);
        read(301);
        read(50);
        assertThat(kept).containsExactly(100, 300, 301, 351);
    }

    @Test
    void whatIsDecryptedLaterWasNotInTheLastRead() {
        read(1_000);
        read(20);
        guard.decoded();
        assertThat(kept).containsExactly(1_000, 1_020, 20);
        guard.decoded();
        assertThat(kept).last().isEqualTo(20);
    }

    @Test
    void whoIsTurnedAwayIsNotListenedTo() {
        guard.end();
        ByteBuf message = read(1_000);
        assertThat(message.refCnt()).isZero();
        assertThat(channel.<Object>readInbound()).isNull();
        assertThat(kept).isEmpty();
    }
}
