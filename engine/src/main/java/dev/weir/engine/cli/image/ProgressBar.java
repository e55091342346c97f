package dev.weir.engine.cli.image;

import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** One line on a terminal, drawn over itself at most ten times a second. Any thread. */
public final class ProgressBar {
    private static final int WIDTH = 40;
    private static final long INTERVAL_NANOS = 100_000_000;
    private static final double MIB = 1 << 20;

    private final PrintStream out;
    private final long total;
    private final boolean rated;
    private final long start = System.nanoTime();
    private final AtomicLong next = new AtomicLong(start);
    private final AtomicReference<String> drawn = new AtomicReference<>("");

    /** @param total bytes */
    public ProgressBar(PrintStream out, long total) {
        this(out, total, true);
    }

    private ProgressBar(PrintStream out, long total, boolean rated) {
        this.out = out;
        this.total = total;
        this.rated = rated;
    }

    /** Without a rate. */
    public static ProgressBar ofSteps(PrintStream out, long steps) {
        return new ProgressBar(out, steps, false);
    }

    /** Tells how many bytes or steps are done. */
    public void update(long done) {
        long due = next.get();
        long now = System.nanoTime();
        if (now - due >= 0 && next.compareAndSet(due, now + INTERVAL_NANOS)) {
            draw(line(done, now));
        }
    }

    /** All is done; the line stays. */
    public void end() {
        draw(line(total, System.nanoTime()));
        out.println();
    }

    /** It did not come to its end: the line goes. */
    public void clear() {
        draw("");
    }

    private String line(long done, long now) {
        double part = total == 0 ? 1 : (double) Math.min(done, total) / total;
        int full = (int) (part * WIDTH);
        double rate = done / MIB / Math.max(1e-3, (now - start) / 1e9);
        String line = String.format(
                Locale.ROOT, "[%s%s] %3d %%", "=".repeat(full), " ".repeat(WIDTH - full), (int) (part * 100));
        return rated ? line + String.format(Locale.ROOT, "  %.0f MiB/s", rate) : line;
    }

    private void draw(String line) {
        String before = drawn.getAndSet(line);
        out.print(
                "\r" + line + " ".repeat(Math.max(0, before.length() - line.length())) + (line.isEmpty() ? "\r" : ""));
        out.flush();
    }
}
