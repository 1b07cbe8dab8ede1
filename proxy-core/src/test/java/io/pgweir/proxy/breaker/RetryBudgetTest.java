package io.pgweir.proxy.breaker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RetryBudgetTest {
    private long now;
    private final RetryBudget budget = new RetryBudget(() -> now);

    private int take() {
        int taken = 0;
        while (budget.take()) {
            taken++;
        }
        return taken;
    }

    @Test
    void theStoreIsEmptiedOnceAndFillsByTenASecond() {
        assertThat(take()).isEqualTo(100);
        assertThat(budget.take()).isFalse();
        now += 1_000_000_000L;
        assertThat(take()).isEqualTo(10);
        now += 3_600_000_000_000L;
        assertThat(take()).isEqualTo(100);
    }
}
