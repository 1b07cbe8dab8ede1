package io.pgweir.proxy.session;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgweir.proxy.backend.PreparedStatement;
import io.pgweir.proxy.backend.StatementBudget;
import io.pgweir.proxy.backend.StatementRegistry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ClientStatementsTest {
    private final long seed = Long.getLong("pgweir.test.seed", System.nanoTime());
    private final StatementBudget budget = new StatementBudget(1_000_000);
    private final ClientStatements statements = new ClientStatements(1000, budget);
    private final StatementRegistry registry = new StatementRegistry(new AtomicLong());

    @Test
    void behavesAsAMapWhateverIsPutAndRemoved() {
        Random random = new Random(seed);
        List<PreparedStatement> values = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            values.add(statement("select " + i));
        }
        Map<String, PreparedStatement> model = new HashMap<>();
        for (int step = 0; step < 100_000; step++) {
            // "Aa" and "BB" hash alike, so that names made of them collide.
            String name = collidingName(random) + (random.nextBoolean() ? "" : random.nextInt(40));
            boolean growing = step / 2_000 % 2 == 0;
            if (random.nextInt(10) < (growing ? 7 : 3)) {
                PreparedStatement value = values.get(random.nextInt(values.size()));
                statements.put(name.getBytes(UTF_8), value);
                model.put(name, value);
            } else {
                statements.remove(name.getBytes(UTF_8));
                model.remove(name);
            }
            String asked = collidingName(random) + (random.nextBoolean() ? "" : random.nextInt(40));
            assertThat(statements.size()).as("step %d, seed %d", step, seed).isEqualTo(model.size());
            assertThat(statements.get(asked.getBytes(UTF_8)))
                    .as("step %d, seed %d", step, seed)
                    .isSameAs(model.get(asked));
            assertThat(inBuffer(asked)).as("step %d, seed %d", step, seed).isSameAs(model.get(asked));
            if (step % 500 == 0) {
                long texts = model.values().stream()
                        .distinct()
                        .mapToLong(value -> value.body().length + 256)
                        .sum();
                long names = model.keySet().stream()
                        .mapToLong(known -> known.length() + 48)
                        .sum();
                assertThat(budget.held()).as("step %d, seed %d", step, seed).isEqualTo(texts + names);
                model.forEach((known, value) -> assertThat(inBuffer(known)).isSameAs(value));
            }
        }
    }

    @Test
    void allClientsTogetherHaveABound() {
        ClientStatements others = new ClientStatements(1000, budget);
        PreparedStatement shared = statement("select '" + "x".repeat(300_000) + "'");
        statements.put("a".getBytes(UTF_8), shared);
        long once = budget.held();
        assertThat(once).isBetween(300_000L, 301_000L);
        others.put("b".getBytes(UTF_8), shared);
        assertThat(budget.held()).as("a text counts once").isLessThan(once + 100);
        others.put("c".getBytes(UTF_8), statement("select '" + "y".repeat(600_000) + "'"));
        assertThat(others.refusal(50_000)).isNull();
        assertThat(statements.refusal(150_000))
                .isNotNull()
                .satisfies(error -> assertThat(error.message())
                        .endsWith("; all clients have " + budget.held() + " of 1000000 bytes"));

        statements.remove("a".getBytes(UTF_8));
        assertThat(budget.held()).as("the other one has it").isGreaterThan(900_000);
        others.put("b".getBytes(UTF_8), statement("select 1"));
        assertThat(budget.held()).isLessThan(602_000);
        others.release();
        assertThat(budget.held()).isZero();
        others.remove("b".getBytes(UTF_8)); // a change that is taken back later
        others.put("d".getBytes(UTF_8), shared);
        assertThat(budget.held()).isZero();
    }

    @Test
    void theEmptyNameIsANameToo() {
        PreparedStatement statement = statement("select 1");
        statements.put(new byte[0], statement);
        assertThat(inBuffer("")).isSameAs(statement);
        statements.remove(new byte[0]);
        assertThat(inBuffer("")).isNull();
    }

    @Test
    void aNameCanBeFoundByItsStatement() {
        PreparedStatement one = statement("select 1");
        PreparedStatement two = statement("select 2");
        statements.put("S_1".getBytes(UTF_8), one);
        assertThat(statements.nameOf(one)).isEqualTo("S_1");
        assertThat(statements.nameOf(two)).isNull();
    }

    @Test
    void removingWhatIsNotThereChangesNothing() {
        PreparedStatement one = statement("select 1");
        statements.put("a".getBytes(UTF_8), one);
        statements.remove("b".getBytes(UTF_8));
        assertThat(statements.size()).isEqualTo(1);
        assertThat(inBuffer("a")).isSameAs(one);
    }

    private static String collidingName(Random random) {
        StringBuilder name = new StringBuilder();
        for (int i = 0; i < 4; i++) {
            name.append(random.nextBoolean() ? "Aa" : "BB");
        }
        return name.toString();
    }

    private PreparedStatement inBuffer(String name) {
        ByteBuf in = Unpooled.copiedBuffer("xyz" + name + "xyz", UTF_8);
        return statements.get(in, 3, name.length());
    }

    private PreparedStatement statement(String sql) {
        ByteBuf body = Unpooled.copiedBuffer(sql + "\0\0\0", UTF_8);
        return registry.intern(body, 0, body.readableBytes());
    }
}
