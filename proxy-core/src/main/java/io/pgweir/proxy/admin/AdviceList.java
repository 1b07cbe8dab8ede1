package io.pgweir.proxy.admin;

import io.pgweir.proxy.session.PoolDirectory;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What SHOW ADVICE says, for whoever shows it elsewhere. Thread-safe. */
public final class AdviceList {
    private final InsightViews views;

    /**
     * One piece of it.
     *
     * @param pool what it is about: {@code database/user}, or {@code server host:port}
     * @param advice the change that is most likely to help
     * @param cause as in metrics
     * @param evidence what it rests on, without values from statements
     * @param seenSecondsAgo when that was; null: now
     */
    public record Item(
            String pool,
            String advice,
            String cause,
            String evidence,
            @Nullable Double seenSecondsAgo) {}

    public AdviceList(PoolDirectory pools, Census census) {
        this.views = new InsightViews(pools, census, new WallClock());
    }

    /** In the console's order; empty if there is nothing to advise. */
    public List<Item> of(Census.People people) {
        return views.advice(people).stream()
                .map(row -> new Item(text(row[0]), text(row[1]), text(row[2]), text(row[3]), (Double) row[4]))
                .filter(item -> !item.cause.isEmpty()) // the console has a row that says there is none
                .toList();
    }

    private static String text(@Nullable Object value) {
        return Objects.toString(value, "");
    }
}
