package dev.weir.fuse.session;

import java.util.List;
import java.util.function.LongSupplier;

/**
 * Decides when the queues of a session but its first are listened to: while large requests come faster than one thread
 * copies their data. Then loops copy side by side, each what it fetched itself, which passes no data from one processor's
 * cache to another's. Small requests are served best by one loop; a second one that listens to the same connection only
 * wakes up in vain. Any thread.
 */
final class SpareQueues {
    /** Bytes from which on a request is large. */
    static final int LARGE = 128 * 1024;

    /** Requests of one queue that wait for storage; to hand them over may be most of a loop's work, above all to a device. */
    static final int MANY = 8;

    /** Wake-ups with large requests that did not come alone, none longer after the other than {@link #KEPT_NANOS}. */
    static final int ENOUGH = 8;

    /** How long they listen after the last one. */
    static final long KEPT_NANOS = 50_000_000;

    private final List<FuseQueue> queues;
    private final boolean sparing;
    private final LongSupplier nanoTime;

    private volatile boolean open;
    private volatile long crowdedAt;

    /** Threads that race lose a count at most. */
    private int inARow;

    /**
     * @param queues all of the session, as they come to be
     * @param sparing false: all of them listen all the time
     * @param nanoTime the clock
     */
    SpareQueues(List<FuseQueue> queues, boolean sparing, LongSupplier nanoTime) {
        this.queues = queues;
        this.sparing = sparing;
        this.nanoTime = nanoTime;
        this.open = !sparing;
    }

    /** Whether that queue is not to be listened to now. */
    boolean isSpared(FuseQueue queue) {
        return !open && queue != queues.get(0);
    }

    /** Whether several loops serve the session now, so that each may take its time for a large request. */
    boolean isShared() {
        return open && queues.size() > 1;
    }

    /**
     * A wake-up has served what was there.
     *
     * @param crowded whether large requests were among it, and others in flight beside them, or many are in flight
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
        queues.forEach(FuseQueue::reconsider);
    }
}
