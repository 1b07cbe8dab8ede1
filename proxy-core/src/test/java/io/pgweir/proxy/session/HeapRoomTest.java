package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HeapRoomTest {
    @Test
    void aHeapThatIsLargeEnoughChangesNothing() {
        assertThat(HeapRoom.mostClients(10_000, 256L << 20)).isEqualTo(10_000);
        assertThat(HeapRoom.mostClients(10_000, 64L << 20)).isEqualTo(10_000);
        assertThat(HeapRoom.mostClients(100, 16L << 20)).isEqualTo(100);
    }

    /** In 40 MiB, 8,566 idle clients were the last before the heap was full. */
    @Test
    void aSmallHeapAdmitsAsManyAsItHasRoomFor() {
        assertThat(HeapRoom.mostClients(10_000, 40L << 20)).isBetween(6_000, 7_000);
        assertThat(HeapRoom.mostClients(10_000, 8L << 20)).isEqualTo(1);
    }
}
