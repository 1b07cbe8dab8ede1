package io.pgweir.proxy.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgweir.proxy.settings.StatementRules;
import io.pgweir.proxy.statistics.StatementOwner;
import io.pgweir.proxy.statistics.StatementTable;
import io.pgweir.proxy.statistics.StatementTally;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ReplyQueueTest {
    private final long seed = Long.getLong("pgweir.test.seed", System.nanoTime());
    private final ReplyQueue queue = new ReplyQueue();

    @Test
    void behavesAsAListWhateverIsPushedPoppedAndRemoved() {
        Random random = new Random(seed);
        List<Byte> model = new ArrayList<>();
        for (int step = 0; step < 200_000; step++) {
            // Long phases of growth and of shrinking, so that the ring wraps at many sizes.
            boolean growing = step / 5_000 % 2 == 0;
            int dice = random.nextInt(10);
            if (dice < (growing ? 6 : 3)) {
                byte reply = (byte) (1 + random.nextInt(0x7e));
                queue.push(reply);
                model.add(reply);
            } else if (dice < 9 && !model.isEmpty()) {
                assertThat(queue.pop()).isEqualTo(model.remove(0));
            } else if (!model.isEmpty()) {
                int index = random.nextInt(model.size());
                queue.remove(index);
                model.remove(index);
            }
            assertThat(queue.size()).as("step %d, seed %d", step, seed).isEqualTo(model.size());
            assertThat(queue.isEmpty()).isEqualTo(model.isEmpty());
            assertThat(queue.peek()).isEqualTo(model.isEmpty() ? Reply.NONE : model.get(0));
            if (!model.isEmpty()) {
                int index = random.nextInt(model.size());
                assertThat(queue.peek(index)).as("step %d, seed %d", step, seed).isEqualTo(model.get(index));
            }
        }
    }

    @Test
    void keepsItsOrderThroughGrowthAndGivesTheMemoryBack() {
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 16 << 10; i++) {
                queue.push((byte) (1 + i % 100));
            }
            for (int i = 0; i < 16 << 10; i++) {
                assertThat(queue.pop()).isEqualTo((byte) (1 + i % 100));
            }
            assertThat(queue.peek()).isEqualTo(Reply.NONE);
        }
    }

    /** Every other reply has a tally: each stays with its own through growth, wrapping and removal. */
    @Test
    void talliesStayWithTheirReplies() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        StatementTable table = new StatementTable();
        table.keep(new StatementRules(1000, Duration.ZERO, 100), 1);
        StatementOwner owner = table.owner("pool", null);
        List<StatementTally> all = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            ByteBuf text = Unpooled.copiedBuffer("select c" + i, StandardCharsets.US_ASCII);
            all.add(table.of(text, 0, text.writerIndex(), true, owner));
        }
        List<StatementTally> model = new ArrayList<>();
        for (int step = 0; step < 50_000; step++) {
            boolean growing = step / 2_000 % 2 == 0;
            int dice = random.nextInt(10);
            if (dice < (growing ? 6 : 3)) {
                StatementTally tally = random.nextBoolean() ? null : all.get(random.nextInt(all.size()));
                queue.push(Reply.EXECUTE, tally);
                model.add(tally);
            } else if (dice < 9 && !model.isEmpty()) {
                queue.pop();
                model.remove(0);
            } else if (!model.isEmpty()) {
                int index = random.nextInt(model.size());
                queue.remove(index);
                model.remove(index);
            }
            assertThat(queue.counted()).as("step %d, seed %d", step, seed).isEqualTo((int)
                    model.stream().filter(tally -> tally != null).count());
            if (!model.isEmpty()) {
                int index = random.nextInt(model.size());
                assertThat(queue.tally(index))
                        .as("step %d, seed %d", step, seed)
                        .isSameAs(model.get(index));
            }
            assertThat(queue.tally(model.size())).isNull();
        }
    }

    @Test
    void nothingCanBePoppedThatIsNotOwed() {
        assertThatIllegalStateException().isThrownBy(queue::pop);
    }
}
