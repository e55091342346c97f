package dev.weir.engine.cli.syntax;

import java.util.List;

/** What somebody who mistyped a word may have meant. */
public final class Suggestion {
    private Suggestion() {}

    /** {@code (did you mean ...?)}, with a blank before it, or {@code none} where no known word is near. */
    public static String of(String word, List<String> known, String none) {
        String nearest = null;
        int least = 1 + Math.min(3, word.replace("-", "").length() / 3);
        for (String candidate : known) {
            int distance = candidate.startsWith(word) && word.length() > 2 ? 0 : distance(word, candidate);
            if (distance < least) {
                least = distance;
                nearest = candidate;
            }
        }
        return nearest == null ? none : " (did you mean '" + nearest + "'?)";
    }

    /** Letters to insert, drop, replace or swap with the next. */
    private static int distance(String a, String b) {
        int[][] distance = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    distance[i][j] = i + j;
                    continue;
                }
                int changed = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                int least = Math.min(
                        distance[i - 1][j - 1] + changed, 1 + Math.min(distance[i - 1][j], distance[i][j - 1]));
                boolean swapped =
                        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
                distance[i][j] = swapped ? Math.min(least, 1 + distance[i - 2][j - 2]) : least;
            }
        }
        return distance[a.length()][b.length()];
    }
}
