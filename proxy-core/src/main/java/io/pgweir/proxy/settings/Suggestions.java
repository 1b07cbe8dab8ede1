package io.pgweir.proxy.settings;

import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** "Did you mean": the nearest of the known names, by edit distance. */
public final class Suggestions {
    /** Longer words are none that are known; and what a comparison costs grows with their square. */
    private static final int LONGEST = 64;

    private Suggestions() {}

    /** {@code "; did you mean 'x'?"} for the nearest known name, or an empty text when none is near. */
    public static String didYouMean(String written, Collection<String> known) {
        String nearest = nearest(written, known);
        return nearest == null ? "" : "; did you mean '" + nearest + "'?";
    }

    /** The nearest known name, or null when none is near enough to be meant. */
    static @Nullable String nearest(String written, Collection<String> known) {
        if (written.length() > LONGEST) {
            return null;
        }
        String plain = normal(written);
        String best = null;
        int bestDistance = Math.max(1, plain.length() / 3) + 1;
        for (String name : known) {
            int distance = distance(plain, normal(name));
            if (distance < bestDistance) {
                bestDistance = distance;
                best = name;
            }
        }
        return best;
    }

    /** A foreign text for a message: short and without control characters. */
    static String quoted(String text) {
        String plain = text.replaceAll("\\p{Cntrl}", "?");
        return plain.length() <= 40 ? plain : plain.substring(0, 37) + "...";
    }

    private static String normal(String name) {
        return name.toLowerCase(Locale.ROOT).replace('-', '_').replace("__", "");
    }

    /** Damerau-Levenshtein distance (optimal string alignment): two swapped letters count once. */
    static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                int best = Math.min(Math.min(d[i - 1][j] + 1, d[i][j - 1] + 1), d[i - 1][j - 1] + change);
                boolean swapped =
                        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
                d[i][j] = swapped ? Math.min(best, d[i - 2][j - 2] + 1) : best;
            }
        }
        return d[a.length()][b.length()];
    }
}
