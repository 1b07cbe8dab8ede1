package io.pgweir.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Lines of a table for a terminal: columns as wide as they must be, numbers at the right. */
final class Columns {
    private static final String GAP = "  ";
    private static final int NARROWEST = 8;

    private final List<String[]> rows = new ArrayList<>();
    private final boolean[] right;

    /** A title that begins with {@code >} makes a column of numbers. */
    Columns(String... titles) {
        right = new boolean[titles.length];
        String[] head = new String[titles.length];
        for (int i = 0; i < titles.length; i++) {
            right[i] = titles[i].startsWith(">");
            head[i] = right[i] ? titles[i].substring(1) : titles[i];
        }
        rows.add(head);
    }

    void add(String... cells) {
        rows.add(cells);
    }

    /** The titles and the rows. */
    List<String> lines() {
        int[] widths = new int[right.length];
        for (String[] row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        return rows.stream().map(row -> line(row, widths)).toList();
    }

    private String line(String[] row, int... widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            String pad = " ".repeat(widths[i] - row[i].length());
            line.append(i == 0 ? "" : GAP).append(right[i] ? pad + row[i] : row[i] + pad);
        }
        return line.toString().stripTrailing();
    }

    /** A row of a table is cut to a width; anything else, which has no gaps in it, goes on in the next line. */
    static List<String> fit(String line, int columns) {
        int width = Math.max(NARROWEST, columns);
        if (line.length() <= width) {
            return List.of(line);
        }
        if (line.strip().contains(GAP)) {
            return List.of(line.substring(0, Math.max(0, width - 1)) + "…");
        }
        List<String> lines = new ArrayList<>();
        String rest = line;
        while (rest.length() > width) {
            int space = rest.lastIndexOf(' ', width);
            int end = space > GAP.length() ? space : width;
            lines.add(rest.substring(0, end));
            rest = GAP + rest.substring(end).strip();
        }
        lines.add(rest);
        return lines;
    }

    /** Seconds as people say them; {@code -} for NaN. */
    static String seconds(double seconds) {
        if (Double.isNaN(seconds)) {
            return "-";
        }
        if (seconds < 0.9995) {
            return Math.round(seconds * 1000) + " ms";
        }
        if (seconds < 99.95) {
            return String.format(Locale.ROOT, "%.1f s", seconds);
        }
        long minutes = Math.round(seconds / 60);
        return minutes < 60
                ? minutes + " min"
                : minutes < 48 * 60
                        ? minutes / 60 + " h " + minutes % 60 + " min"
                        : minutes / 1440 + " d " + minutes / 60 % 24 + " h";
    }
}
