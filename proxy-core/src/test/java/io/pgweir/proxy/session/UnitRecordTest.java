package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class UnitRecordTest {
    private final ByteBuf read = Unpooled.buffer().writeBytes(new byte[20]);
    private final UnitRecord unit = new UnitRecord();

    @AfterEach
    void nobodyElseHoldsTheRead() {
        unit.forget();
        assertThat(read.refCnt()).isEqualTo(1);
        read.release();
    }

    @Test
    void aSecondSyncBehindTheUnitHoldsTheReadOnlyOnce() {
        unit.begin(0);
        unit.complete(read, 10);
        unit.complete(read, 20);
        assertThat(read.refCnt()).isEqualTo(2);
        ByteBuf again = unit.take();
        assertThat(again.readableBytes()).isEqualTo(10);
        again.release();
    }

    @Test
    void aUnitThatTheReadCutsIsNotRecorded() {
        unit.begin(5);
        unit.cut();
        unit.complete(read, 10);
        assertThat(unit.isComplete()).isFalse();
    }

    @Test
    void theNextUnitReplacesTheOneBefore() {
        unit.begin(0);
        unit.complete(read, 10);
        unit.begin(10);
        unit.complete(read, 20);
        assertThat(read.refCnt()).isEqualTo(2);
        assertThat(unit.mayReplay(false)).isTrue();
        assertThat(unit.mayReplay(true)).isFalse();
    }
}
