package dev.weir.benchmarks.endtoend;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the log of the serial collector tells, {@code -Xlog:gc=info,gc+heap=info}.
 *
 * @param allocated bytes that were allocated between collections
 * @param collections how many
 * @param longestPauseMillis of one of them
 */
record GcLog(long allocated, int collections, double longestPauseMillis) {
    /** Young generation before and after a collection. */
    private static final Pattern YOUNG = Pattern.compile("DefNew: (\\d+)K\\([^)]*\\)->(\\d+)K");

    private static final Pattern PAUSE = Pattern.compile("GC\\(\\d+\\) Pause .*?([0-9.]+)ms$", Pattern.MULTILINE);

    /**
     * Reads the part of the log from {@code from} characters on; what stands before it tells how full the heap was.
     *
     * <p>What was allocated since the last collection is not in it: at most the young generation.
     */
    static GcLog parse(String log, int from) {
        long allocated = 0;
        long after = 0;
        int collections = 0;
        Matcher young = YOUNG.matcher(log);
        while (young.find()) {
            if (young.start() >= from) {
                allocated += Long.parseLong(young.group(1)) - after;
                collections++;
            }
            after = Long.parseLong(young.group(2));
        }
        double longest = 0;
        Matcher pause = PAUSE.matcher(log.substring(Math.min(from, log.length())));
        while (pause.find()) {
            longest = Math.max(longest, Double.parseDouble(pause.group(1)));
        }
        return new GcLog(allocated << 10, collections, longest);
    }
}
