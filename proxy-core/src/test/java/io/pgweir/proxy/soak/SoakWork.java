package io.pgweir.proxy.soak;

import java.util.Random;

/** What a client of the soak may do next, and how often it does, relative to the others. */
enum SoakWork {
    SIMPLE(12),
    SEVERAL_STATEMENTS(6),
    UNNAMED(12),
    PREPARED(20),
    FORGET(2),
    TRANSACTION(10),
    PIPELINE(8),
    ERROR(6),
    CURSOR(4),
    PORTAL(5),
    COPY_OUT(4),
    COPY_IN(4),
    SETTING(5),
    CANCEL(3),
    LARGE(2),
    DISCONNECT(2);

    private final int weight;

    SoakWork(int weight) {
        this.weight = weight;
    }

    static SoakWork any(Random random) {
        int total = 0;
        for (SoakWork work : values()) {
            total += work.weight;
        }
        int dice = random.nextInt(total);
        for (SoakWork work : values()) {
            dice -= work.weight;
            if (dice < 0) {
                return work;
            }
        }
        throw new IllegalStateException();
    }
}
