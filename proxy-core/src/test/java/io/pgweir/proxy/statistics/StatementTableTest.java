package io.pgweir.proxy.statistics;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgweir.proxy.settings.StatementRules;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class StatementTableTest {
    private long now;
    private final StatementTable table = new StatementTable(() -> now);

    private void keep(int most) {
        table.keep(new StatementRules(most, Duration.ZERO, 100), 1);
    }

    private StatementTally find(String sql, @Nullable String label) {
        ByteBuf text = Unpooled.copiedBuffer(sql, StandardCharsets.UTF_8);
        return table.of(text, 0, text.writerIndex(), true, table.owner("db/user", label));
    }

    private void ran(StatementTally tally, long nanos) {
        Execution execution = new Execution();
        execution.nanos = nanos;
        execution.rows = 3;
        execution.bytes = 100;
        table.ended(tally, execution);
    }

    private static StatementReport sum(StatementReport report) {
        return StatementReport.sum(List.of(report));
    }

    @Test
    void statementsThatDifferInValuesAreOneAndLabelsTellThemApart() {
        keep(100);
        StatementTally one = find("select * from t where a = 1", null);
        assertThat(find("select * from t where a = 22", null)).isSameAs(one);
        assertThat(find("SELECT  * from t where a = 'x'", null)).isSameAs(one);
        assertThat(find("select * from u where a = 1", null)).isNotSameAs(one);
        assertThat(find("select * from t where a = 1", "web")).isNotSameAs(one);
        assertThat(find("select * from t where a = 1", "web")).isSameAs(find("select * from t where a = 2", "web"));
        assertThat(one.text()).isEqualTo("select * from t where a = ?");
    }

    @Test
    void tagsOfCommentsAreLabelsAndTheirTraceIsNone() {
        keep(100);
        StatementTally one = find("select 1 from t /*route='%2Fapi%2Fenroll',traceparent='00-0001-01'*/", "web");
        StatementTally two = find("select 1 from t /*route='%2Fapi/enroll',traceparent='00-0002-01'*/", "app");
        assertThat(two).isSameAs(one);
        assertThat(one.shownLabel()).isEqualTo("/api/enroll");
        assertThat(one.text()).isEqualTo("select ? from t");
        assertThat(find("select 1 from t", "web").shownLabel()).isEqualTo("web");
    }

    @Test
    void totalsAlwaysAddUpAndTheHeavyOnesStay() {
        keep(64);
        long seed = System.nanoTime();
        Random random = new Random(seed);
        long calls = 0;
        long nanos = 0;
        for (int i = 0; i < 20_000; i++) {
            now += TimeUnit.MILLISECONDS.toNanos(1);
            boolean heavy = i % 4 == 0;
            String sql = heavy ? "select heavy" + i % 5 + " from t" : "select a" + random.nextInt(5_000) + " from t";
            StatementTally tally = find(sql, null);
            long time = heavy ? 1_000_000 : 10_000;
            if (random.nextInt(10) == 0) {
                find("select b" + i + " from t", null); // somebody may come in between
            }
            ran(tally, time);
            if (random.nextInt(50) == 0) {
                table.idled(tally, 5_000);
            }
            calls++;
            nanos += time;
            assertThat(table.kept()).isLessThanOrEqualTo(64);
        }
        StatementReport report = sum(table.look());
        long counted = report.other().calls() + report.notLookedAt().calls();
        long time = report.other().totalNanos() + report.notLookedAt().totalNanos();
        for (StatementFigures each : report.statements()) {
            counted += each.calls();
            time += each.totalNanos();
        }
        assertThat(counted).as("seed %d", seed).isEqualTo(calls);
        assertThat(time).as("seed %d", seed).isEqualTo(nanos);
        assertThat(report.rest(0).rows()).isEqualTo(3 * calls);
        assertThat(report.statements().subList(0, 5))
                .as("seed %d", seed)
                .allSatisfy(each -> assertThat(each.text()).startsWith("select heavy"));
        assertThat(report.statements().stream().mapToDouble(report.shares()::of).sum()
                        + report.shares().of(report.other()))
                .isBetween(0.999, 1.001);
        assertThat(table.evicted()).isPositive();
    }

    @Test
    void whoHasMadeRoomHoldsNothingAndCountsAgainWhenItRuns() {
        keep(16);
        StatementTally small = find("select small from t", null);
        ran(small, 1_000);
        assertThat(small.latencies.quantileSeconds(1)).isPositive();
        for (int i = 0; i < 50 && small.isKept(); i++) {
            ran(find("select a" + i + " from t", null), 1_000_000);
        }
        assertThat(small.isKept()).isFalse();
        assertThat(small.latencies.quantileSeconds(1)).isZero();
        ran(small, 2_000);
        assertThat(small.latencies.quantileSeconds(1)).isZero();
        assertThat(sum(table.look()).statements())
                .filteredOn(each -> each.text().equals("select small from t"))
                .singleElement()
                .satisfies(each -> assertThat(each.calls()).isEqualTo(1));
    }

    @Test
    void whatIsUnderWayWhenAnotherNumberIsKeptCountsThere() {
        keep(100);
        StatementTally before = find("select 1 from t", null);
        keep(50);
        ran(before, 1_000);
        StatementTally after = find("select 1 from t", null);
        assertThat(after).isNotSameAs(before);
        ran(after, 1_000);
        assertThat(sum(table.look()).statements())
                .singleElement()
                .satisfies(each -> assertThat(each.calls()).isEqualTo(2));
        keep(0);
        ran(after, 1_000);
        assertThat(table.isOn()).isFalse();
    }

    @Test
    void poolsWhoseNamesHaveEqualHashesAreToldApart() {
        keep(100);
        record Pool(String database, String user) {}
        StatementOwner one = table.owner(new Pool("db1", "svc20"), null);
        StatementOwner other = table.owner(new Pool("db2", "svc10"), null);
        assertThat(one.seed()).isEqualTo(other.seed());
        ByteBuf text = Unpooled.copiedBuffer("select 1 from t", StandardCharsets.UTF_8);
        StatementTally ofOne = table.of(text, 0, text.writerIndex(), true, one);
        StatementTally ofOther = table.of(text, 0, text.writerIndex(), true, other);
        assertThat(ofOther).isNotSameAs(ofOne);
        assertThat(table.of(ofOne, other)).isSameAs(ofOther);
        assertThat(table.of(text, 0, text.writerIndex(), true, one)).isSameAs(ofOne);
    }

    @Test
    void labelsNobodyHasAnyMoreMakeRoomForOthers() {
        keep(64);
        for (int i = 0; i < 1_000; i++) {
            now += TimeUnit.SECONDS.toNanos(1);
            ran(find("select a" + i + " from t", "label" + i), 1_000_000L * (i + 1));
        }
        assertThat(find("select b from t", "new").shownLabel()).isEqualTo("new");
    }

    @Test
    void labelsAreBounded() {
        keep(10_000);
        for (int i = 0; i < 1_000; i++) {
            now += TimeUnit.SECONDS.toNanos(1);
            ran(find("select 1", "client " + i), 1);
        }
        StatementReport report = sum(table.look());
        assertThat(report.statements()).hasSize(StatementTable.MOST_LABELS + 1);
        assertThat(report.statements())
                .filteredOn(each -> StatementTable.OTHER.equals(each.label()))
                .singleElement()
                .satisfies(each -> assertThat(each.calls()).isEqualTo(1_000 - StatementTable.MOST_LABELS));
    }

    @Test
    void textsThatAreNewAllTheTimeAreNotAllReadAndTheRestIsCounted() {
        keep(100);
        int length = "select * from t where a = 1000000".length();
        int affordable = (int) (StatementTable.BURST / length);
        for (int i = 0; i < 2 * affordable; i++) {
            ran(find("select * from t where a = " + (1_000_000 + i), null), 1);
        }
        StatementReport report = sum(table.look());
        assertThat(report.notLookedAt().calls()).isEqualTo(affordable);
        assertThat(table.callsNotLookedAt()).isEqualTo(affordable);
        assertThat(report.statements())
                .singleElement()
                .satisfies(each -> assertThat(each.calls()).isEqualTo(affordable));
        ran(find("select * from t where a = 1000000", null), 1);
        assertThat(sum(table.look()).notLookedAt().calls())
                .as("or known still, by chance")
                .isBetween((long) affordable, affordable + 1L);
        now += TimeUnit.SECONDS.toNanos(1);
        assertThat(find("select * from t where a = 7", null)).isNotSameAs(table.notLookedAt());
    }

    @Test
    void whatIsUnderWayWhenItsTallyGoesIsCountedAllTheSame() {
        keep(2);
        StatementTally early = find("select early", null);
        for (int i = 0; i < 10; i++) {
            ran(find("select late" + i, null), 1_000);
        }
        ran(early, 5_000_000);
        assertThat(sum(table.look()).statements().get(0).text()).isEqualTo("select early");
        table.reset();
        assertThat(table.look().statements()).isEmpty();
        ran(early, 1);
        assertThat(table.look().statements())
                .singleElement()
                .satisfies(each -> assertThat(each.calls()).isEqualTo(1));
    }

    @Test
    void errorsOfMoreClassesThanThereAreAreOne() {
        keep(10);
        StatementTally tally = find("select 1", null);
        Execution execution = new Execution();
        for (int i = 0; i < 50; i++) {
            execution.fail("A" + (char) ('A' + i % 25) + "000");
            table.ended(tally, execution);
        }
        execution.fail(null);
        table.ended(tally, execution);
        StatementFigures figures = table.look().statements().get(0);
        assertThat(figures.errors()).hasSize(13);
        assertThat(figures.errors().values().stream().mapToLong(Long::longValue).sum())
                .isEqualTo(51);
        assertThat(figures.errors().get("AA")).isEqualTo(2);
    }

    @Test
    void aKnownTextCostsNoMemory() {
        keep(100);
        ByteBuf text = Unpooled.copiedBuffer(
                "select id, name, email from users where id = 12345 and state = 'active'", StandardCharsets.UTF_8);
        StatementOwner owner = table.owner("db/user", "web");
        Execution execution = new Execution();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long id = Thread.currentThread().getId();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 20; round++) {
            long before = threads.getThreadAllocatedBytes(id);
            for (int i = 0; i < 10_000; i++) {
                table.ended(table.of(text, 0, text.writerIndex(), true, owner), execution);
            }
            least = Math.min(least, threads.getThreadAllocatedBytes(id) - before);
        }
        assertThat(least).isLessThan(10_000);
        assertThat(table.look().statements().get(0).calls()).isEqualTo(200_000);
    }
}
