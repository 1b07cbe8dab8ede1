package io.pgweir.proxy.insight;

import io.pgweir.protocol.sql.Printable;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/** Puts a situation and its cause into words, within a number of characters. */
final class DiagnosisText {
    private static final int LONGEST_ERROR = 110;
    private static final int LONGEST_LABEL = 48;
    private static final int SHORTEST_STATEMENT = 20;
    private static final int SECOND_STATEMENT = 40;
    private static final int MOST_HOLDERS = 5;
    private static final int LONGEST_DETAIL = 2_000;

    private final Situation situation;
    private final Cause cause;

    DiagnosisText(Situation situation, Cause cause) {
        this.situation = situation;
        this.cause = cause;
    }

    /** On one line: the two who had most, the cause, the incident. */
    String summary(String incident, int longest) {
        String why = "Cause: " + cause();
        String end = why + (why.endsWith("...") ? " incident " : ". incident ") + incident;
        int room = longest - end.length() - 2;
        List<Share> shares = situation.window().shares();
        if (shares.isEmpty()) {
            return (situation.established() == 0 ? "No connection is open. " : "") + end;
        }
        Share first = shares.get(0);
        String held = fitted(first, " of pool time held by ", StatementBook.LONGEST_TEXT, room);
        if (shares.size() > 1 && percent(shares.get(1)) > 0) {
            String second = fitted(shares.get(1), " ", SECOND_STATEMENT, room - held.length() - 2);
            held = second.isEmpty() ? held : held + "; " + second;
        }
        return held.isEmpty() ? end : held + ". " + end;
    }

    private String cause() {
        Situation.Refusal refusal = situation.refusal();
        switch (cause) {
            case BACKEND_REFUSING, BACKEND_UNREACHABLE -> {
                String why = refusal == null ? "" : ": " + Printable.of(refusal.message());
                return Printable.shortened(cause.words() + why, cause.words().length() + LONGEST_ERROR);
            }
            case UNDERSIZED -> {
                long ended = Math.max(1, situation.window().ended());
                return cause.words() + " (each holds a connection for "
                        + time(situation.window().totalNanos() / ended) + " on average)";
            }
            default -> {
                return cause.words();
            }
        }
    }

    /** The share in words, its statement cut so that it fits; empty if it does not. */
    private String fitted(Share share, String heldBy, int longestStatement, int room) {
        String full = phrase(share, heldBy, longestStatement);
        if (full.length() <= room) {
            return full;
        }
        int shorter = Math.min(share.text().length(), longestStatement) - (full.length() - room);
        String cut = phrase(share, heldBy, shorter < SHORTEST_STATEMENT ? 0 : shorter);
        return cut.length() <= room ? cut : "";
    }

    private String phrase(Share share, String heldBy, int longestStatement) {
        StringBuilder out =
                new StringBuilder().append(percent(share)).append('%').append(heldBy);
        String label = Printable.shortened(Printable.of(share.label()), LONGEST_LABEL);
        out.append(label);
        if (!share.text().isEmpty() && longestStatement > 0) {
            out.append(label.isEmpty() ? "" : ": ").append(Printable.shortened(share.text(), longestStatement));
        }
        out.append(", ").append(share.state().words());
        return out.append(" (").append(connections(share)).append(')').toString();
    }

    /** How many there are now, and how old the oldest is. */
    private String connections(Share share) {
        int count = 0;
        long oldest = 0;
        long longest = 0;
        for (Holder holder : situation.holders()) {
            if (share.isOf(holder)) {
                count++;
                oldest = Math.max(oldest, situation.now() - holder.begunAt());
                longest = Math.max(longest, situation.now() - holder.since());
            }
        }
        if (count == 0) {
            return "none at this moment";
        }
        String many = count == 1 ? "1 connection" : count + " connections";
        return switch (share.state()) {
            case IDLE_IN_TRANSACTION -> many + ", oldest " + time(oldest) + ", no SQL for " + time(longest);
            case ACTIVE -> many + ", longest for " + time(longest);
            case CONNECTING -> many;
            default -> many + ", oldest " + time(longest);
        };
    }

    private long percent(Share share) {
        long total = Math.max(1, situation.window().totalNanos());
        return Math.round(100.0 * share.nanos() / total);
    }

    /** On one line: the pool, its time by state, and the oldest holders one by one. */
    String detail(String pool) {
        StringJoiner out = new StringJoiner("; ", "Pool " + Printable.of(pool) + ": ", ".");
        StringJoiner states = new StringJoiner(", ");
        for (HoldState state : HoldState.values()) {
            long percent = Math.round(100 * situation.window().part(state));
            if (percent > 0) {
                states.add(percent + "% " + state.words().toLowerCase(Locale.ROOT));
            }
        }
        out.add(states.length() == 0 ? "no connection was seen in use" : states.toString());
        out.add("uses of a connection that ended meanwhile: "
                + situation.window().ended());
        situation.holders().stream()
                .sorted((one, other) -> Long.compare(one.begunAt() - other.begunAt(), 0))
                .limit(MOST_HOLDERS)
                .forEach(holder -> out.add(line(holder)));
        return Printable.shortened(out.toString(), LONGEST_DETAIL);
    }

    private String line(Holder holder) {
        return "backend " + holder.pid() + " for client " + holder.client() + " ("
                + Printable.shortened(Printable.of(holder.label()), LONGEST_LABEL) + "), "
                + holder.state().words().toLowerCase(Locale.ROOT) + " for "
                + time(situation.now() - holder.since()) + ", in use for "
                + time(situation.now() - holder.begunAt())
                + (holder.kept().isEmpty() ? "" : ", kept for " + holder.kept())
                + (holder.statement().text().isEmpty()
                        ? ""
                        : ": " + holder.statement().text());
    }

    static String time(long nanos) {
        double millis = Math.max(0, nanos) / 1e6;
        if (millis < 10) {
            return String.format(Locale.ROOT, "%.1fms", millis);
        }
        if (millis < 1_000) {
            return String.format(Locale.ROOT, "%.0fms", millis);
        }
        return String.format(Locale.ROOT, millis < 10_000 ? "%.1fs" : "%.0fs", millis / 1_000);
    }
}
