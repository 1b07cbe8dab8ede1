package io.pgweir.proxy.backend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgweir.protocol.sql.StatementKind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class StatementRegistryTest {
    private final AtomicLong numbers = new AtomicLong();
    private final StatementRegistry registry = new StatementRegistry(numbers);

    @Test
    void oneTextWithOneSetOfTypesIsOneStatement() {
        PreparedStatement first = intern("select $1", 23);
        assertThat(intern("select $1", 23)).isSameAs(first);
        assertThat(intern("select $1", 25)).isNotSameAs(first);
        assertThat(intern("select $1")).isNotSameAs(first);
        assertThat(intern("SELECT $1", 23)).isNotSameAs(first);
        assertThat(first.kind()).isEqualTo(StatementKind.SELECT);
        assertThat(new String(first.serverName(), UTF_8)).isEqualTo("pgweir_1");
    }

    @Test
    void theBodyIsCopiedOutOfTheReadBuffer() {
        ByteBuf in = Unpooled.copiedBuffer("xxselect 1\0\0\0yy", UTF_8);
        PreparedStatement statement = registry.intern(in, 2, 11);
        in.setZero(0, in.capacity());
        assertThat(statement.body()).isEqualTo("select 1\0\0\0".getBytes(UTF_8));
    }

    @Test
    void anEntryGoesWhenNobodyRefersToItsStatement() {
        PreparedStatement kept = intern("select 'kept'");
        for (int i = 0; i < 1_000; i++) {
            intern("select " + i);
        }
        await().untilAsserted(() -> {
            System.gc();
            assertThat(registry.size()).isEqualTo(1);
        });
        assertThat(intern("select 'kept'")).isSameAs(kept);
    }

    @Test
    void aRetiredStatementIsNotGivenOutAgainAndItsSuccessorHasAnotherName() {
        PreparedStatement stale = intern("select * from t");
        registry.retire(stale);
        PreparedStatement fresh = intern("select * from t");
        assertThat(fresh).isNotSameAs(stale);
        assertThat(fresh.serverName()).isNotEqualTo(stale.serverName());
        registry.retire(stale);
        assertThat(intern("select * from t")).isSameAs(fresh);
    }

    @Test
    void threadsThatInternTheSameTextsAtOnceGetTheSameStatements() throws Exception {
        int threads = 4;
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            CyclicBarrier together = new CyclicBarrier(threads);
            Callable<List<PreparedStatement>> work = () -> {
                List<PreparedStatement> found = new ArrayList<>();
                for (int i = 0; i < 500; i++) {
                    if (i % 50 == 0) {
                        together.await();
                    }
                    found.add(intern("select " + i));
                }
                return found;
            };
            List<Future<List<PreparedStatement>>> results = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                results.add(executor.submit(work));
            }
            List<PreparedStatement> first = results.get(0).get();
            for (Future<List<PreparedStatement>> result : results) {
                for (int i = 0; i < first.size(); i++) {
                    assertThat(result.get().get(i)).isSameAs(first.get(i));
                }
            }
            Set<String> names = new HashSet<>();
            first.forEach(statement -> names.add(new String(statement.serverName(), UTF_8)));
            assertThat(names).hasSize(500);
        } finally {
            executor.shutdownNow();
        }
    }

    private PreparedStatement intern(String sql, int... types) {
        ByteBuf body = Unpooled.buffer();
        body.writeBytes(sql.getBytes(UTF_8)).writeByte(0).writeShort(types.length);
        for (int type : types) {
            body.writeInt(type);
        }
        return registry.intern(body, 0, body.readableBytes());
    }
}
