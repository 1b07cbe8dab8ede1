package io.pgweir.benchmark;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgweir.protocol.sql.Fingerprinter;
import io.pgweir.protocol.sql.SessionEffectReader;
import io.pgweir.protocol.sql.SqlScanner;
import io.pgweir.protocol.sql.StatementKind;
import io.pgweir.proxy.settings.StatementRules;
import io.pgweir.proxy.statistics.Execution;
import io.pgweir.proxy.statistics.StatementOwner;
import io.pgweir.proxy.statistics.StatementTable;
import io.pgweir.proxy.statistics.StatementTally;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What is read in the text of a statement: for every Query and Parse its effects on the session; the fingerprint of texts that are
 * new; what the statistics of a Query take whose text is known.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(2)
public class StatementTextBenchmark {
    /** As pgbench, an ORM, and somebody who writes reports would send it. */
    public enum Text {
        SHORT("SELECT abalance FROM pgbench_accounts WHERE aid = 4711;"),
        ORM("SELECT \"public\".\"User\".\"id\", \"public\".\"User\".\"email\", \"public\".\"User\".\"name\","
                + " \"public\".\"User\".\"createdAt\" FROM \"public\".\"User\" WHERE (\"public\".\"User\".\"id\" = $1"
                + " AND 1=1) LIMIT $2 OFFSET $3 /* prismaQuery='User.findUnique',traceparent='00-1-2-01' */"),
        REPORT("WITH late AS (SELECT o.id, o.total, c.name FROM orders o JOIN customers c ON c.id = o.customer_id"
                + " WHERE o.due < now() - interval '3 days' AND o.state IN ('open', 'sent')) SELECT name, count(*),"
                + " sum(total), avg(total)::numeric(10,2) FROM late GROUP BY name HAVING sum(total) > 100.50 ORDER BY"
                + " 3 DESC LIMIT 50");

        private final String sql;

        Text(String sql) {
            this.sql = sql;
        }
    }

    @Param
    public Text text = Text.SHORT;

    private final SessionEffectReader effects = new SessionEffectReader();
    private final Fingerprinter fingerprinter = new Fingerprinter();
    private final StatementTable statements = new StatementTable();
    private final StatementOwner owner = statements.owner("database/user", null);
    private final Execution execution = new Execution();
    private ByteBuf sql = Unpooled.EMPTY_BUFFER;

    @Setup(Level.Trial)
    public void fill() {
        byte[] bytes = text.sql.getBytes(StandardCharsets.UTF_8);
        sql = Unpooled.directBuffer(bytes.length).writeBytes(bytes);
        statements.keep(new StatementRules(1000, Duration.ofSeconds(1), 100), 1);
        execution.nanos = 250_000;
    }

    @TearDown(Level.Trial)
    public void release() {
        sql.release();
    }

    @Benchmark
    public StatementKind kind() {
        return SqlScanner.classify(sql, 0, sql.writerIndex());
    }

    @Benchmark
    public int effects() {
        return effects.read(sql, 0, sql.writerIndex(), false, true);
    }

    @Benchmark
    public long fingerprint() {
        return fingerprinter.hash(sql, 0, sql.writerIndex(), true);
    }

    @Benchmark
    public StatementTally statistics() {
        StatementTally tally = statements.of(sql, 0, sql.writerIndex(), true, owner);
        statements.ended(tally, execution);
        return tally;
    }
}
