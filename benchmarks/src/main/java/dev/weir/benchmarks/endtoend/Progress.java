package dev.weir.benchmarks.endtoend;

import java.io.PrintStream;
import java.util.Locale;

/** A line on a terminal: what runs, how much is done, how long the rest takes. */
final class Progress {
    private static final String ERASE = "\r\u001b[K";
    private static final long NANOS_PER_SECOND = 1_000_000_000;
    private static final int SECONDS_PER_MINUTE = 60;

    private final PrintStream out;
    private final boolean shown;
    private final long start = System.nanoTime();

    private int steps;
    private double expected;
    private int done;
    private double doneExpected;
    private double current;

    /** @param shown whether {@code out} is a terminal */
    Progress(PrintStream out, boolean shown) {
        this.out = out;
        this.shown = shown;
    }

    /** Adds to what is to be done; {@code seconds} is what one of these steps takes, about. */
    void expect(int count, double seconds) {
        steps += count;
        expected += count * seconds;
    }

    /** Begins a step; {@code seconds} is what was expected of it. */
    void step(String what, double seconds) {
        doneExpected += current;
        current = seconds;
        done++;
        if (shown) {
            double elapsed = (System.nanoTime() - start) / (double) NANOS_PER_SECOND;
            // What was expected is corrected by how long the first part took, as soon as that says anything.
            double pace = doneExpected > SECONDS_PER_MINUTE ? elapsed / doneExpected : 1;
            long left = Math.round(Math.max(0, expected - doneExpected) * pace);
            out.print(String.format(
                    Locale.ROOT,
                    ERASE + "[%d/%d] %s, %d:%02d left",
                    done,
                    steps,
                    what,
                    left / SECONDS_PER_MINUTE,
                    left % SECONDS_PER_MINUTE));
            out.flush();
        }
    }

    /** Takes the line away. */
    void clear() {
        if (shown) {
            out.print(ERASE);
            out.flush();
        }
    }
}
