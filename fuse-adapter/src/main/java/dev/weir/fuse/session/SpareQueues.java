package dev.weir.fuse.session;

import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * Decides when the queues of a session but its first are listened to: while requests come that are more than one thread can
 * do, large ones that come together, several of a client that is alone, or many that wait for storage. Then loops work side
 * by side, each on what it fetched itself, which passes no data from one processor's cache to another's. Where requests
 * come one by one a second loop that listens to the same connection only wakes up in vain; where there are several clients
 * they need the processors themselves. Any thread.
 */
final class SpareQueues {
    /** Bytes from which on a request is large. */
    static final int LARGE = 128 * 1024;

    /** Requests of one queue that wait for storage; to hand them over may be most of a loop's work, above all to a device. */
    static final int MANY = 8;

    /** Requests of one client at the same time that are more than one by one. */
    static final int SEVERAL = 2;

    /** Crowded wake-ups until the spare queues listen, none longer after the other than {@link #KEPT_NANOS}. */
    static final int ENOUGH = 8;

    /** How long they listen after the last one; and for how long a client has to have been alone. */
    static final long KEPT_NANOS = 50_000_000;

    private final int queues;
    private final boolean sparing;
    private final IntSupplier inFlight;
    private final LongSupplier nanoTime;
    private final Runnable changed;

    private volatile boolean open;
    private volatile long crowdedAt;

    // Threads that race lose a count, or a client, at most.
    private int inARow;
    private int client;
    private long othersAt;

    /**
     * @param queues how many the session has
     * @param sparing false: all of them listen all the time
     * @param inFlight requests of all queues that are in flight
     * @param nanoTime the clock
     * @param changed called when {@link #areOpen} has changed
     */
    SpareQueues(int queues, boolean sparing, IntSupplier inFlight, LongSupplier nanoTime, Runnable changed) {
        this.queues = queues;
        this.sparing = sparing && queues > 1;
        this.inFlight = inFlight;
        this.nanoTime = nanoTime;
        this.changed = changed;
        this.open = !this.sparing;
    }

    /** Whether they are to be listened to now. */
    boolean areOpen() {
        return open;
    }

    /** Whether there are none: the session has one queue. */
    boolean areNone() {
        return queues == 1;
    }

    /** Whether several loops serve the session now, so that each may take its time for a large request. */
    boolean isShared() {
        return open && queues > 1;
    }

    /**
     * A wake-up has served what was there.
     *
     * @param together how many of the requests surely were there at the same time
     * @param own requests of its queue that are in flight after it
     * @return whether requests of the session surely are there at the same time. What other loops have tells nothing: one may have
     *     received the next request of a client as soon as its last one was answered here
     */
    boolean served(WakeUp found, int together, int own) {
        if (sparing) {
            boolean several = areSeveralOfOne(found, together);
            served(several
                    || own >= MANY
                    || found.large() > 1
                    || found.large() == 1 && inFlight.getAsInt() > Math.min(1, own));
        }
        return together > 1 || own > 1 || sparing && open;
    }

    private boolean areSeveralOfOne(WakeUp found, int together) {
        if (found.transfers() == 0) {
            return false;
        }
        // Threads of other pid namespaces are all 0.
        if (found.hasSeveralClients() || found.client() != client || client == 0) {
            client = found.client();
            othersAt = nanoTime.getAsLong();
            return false;
        }
        return together >= SEVERAL && nanoTime.getAsLong() - othersAt > KEPT_NANOS;
    }

    /** @param crowded whether a wake-up found more than one loop can do */
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
