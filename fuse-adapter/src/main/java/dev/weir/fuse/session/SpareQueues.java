package dev.weir.fuse.session;

import java.util.function.LongSupplier;

/**
 * Decides when the queues of a session but its first are listened to: while requests come that are more than one thread can
 * do, large ones that come together, or many that wait for storage. Then loops copy side by side, each what it fetched
 * itself, which passes no data from one processor's cache to another's. Small requests are served best by one loop; a
 * second one that listens to the same connection only wakes up in vain. Any thread.
 */
final class SpareQueues {
    /** Bytes from which on a request is large. */
    static final int LARGE = 128 * 1024;

    /** Requests of one queue that wait for storage; to hand them over may be most of a loop's work, above all to a device. */
    static final int MANY = 8;

    /** Crowded wake-ups until the spare queues listen, none longer after the other than {@link #KEPT_NANOS}. */
    static final int ENOUGH = 8;

    /** How long they listen after the last one. */
    static final long KEPT_NANOS = 50_000_000;

    private final int queues;
    private final boolean sparing;
    private final LongSupplier nanoTime;
    private final Runnable changed;

    private volatile boolean open;
    private volatile long crowdedAt;

    /** Threads that race lose a count at most. */
    private int inARow;

    /**
     * @param queues how many the session has
     * @param sparing false: all of them listen all the time
     * @param nanoTime the clock
     * @param changed called when {@link #areOpen} has changed
     */
    SpareQueues(int queues, boolean sparing, LongSupplier nanoTime, Runnable changed) {
        this.queues = queues;
        this.sparing = sparing && queues > 1;
        this.nanoTime = nanoTime;
        this.changed = changed;
        this.open = !this.sparing;
    }

    /** Whether they are to be listened to now. */
    boolean areOpen() {
        return open;
    }

    /** Whether several loops serve the session now, so that each may take its time for a large request. */
    boolean isShared() {
        return open && queues > 1;
    }

    /**
     * Whether a wake-up found more than one loop can do.
     *
     * @param large requests that it found
     * @param own requests of that queue that are in flight after it
     */
    static boolean isCrowded(int large, int own, FuseSession session) {
        return own >= MANY || large > 1 || large == 1 && session.inFlight() > Math.min(1, own);
    }

    /**
     * A wake-up has served what was there.
     *
     * @param crowded what {@link #isCrowded} says of it
     */
    void served(boolean crowded) {
        if (!sparing || !crowded && !open) {
            return;
        }
        long now = nanoTime.getAsLong();
        if (crowded) {
            inARow = inARow > 0 && now - crowdedAt <= KEPT_NANOS ? inARow + 1 : 1;
            crowdedAt = now;
            if (!open && inARow >= ENOUGH) {
                open(true);
            }
        } else if (now - crowdedAt > KEPT_NANOS) {
            inARow = 0;
            open(false);
        }
    }

    private void open(boolean wanted) {
        open = wanted;
        changed.run();
    }
}
