package dev.weir.fuse.session;

import dev.weir.fuse.protocol.FuseOutHeader;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Small replies of one wake-up, written together at its end. A reply wakes up its client, which on another, idle processor
 * costs as much as the request did; a client that finds many replies at once has much to send at once, and need not be
 * woken up for each. Where requests come one by one nothing is kept back, but in the first wake-up after a crowd. Confined to the loop, but for {@link #take}.
 */
final class ReplyBatch {
    private static final Logger LOGGER = LoggerFactory.getLogger(ReplyBatch.class);

    /** Replies that are kept back at most. */
    static final int MAX = 32;

    /**
     * Bytes of the largest transfer whose reply is kept back, 64 KiB of data: what takes longer is worth a wake-up of its own.
     * Once more has been moved by those that are kept, they are written as soon as the first is {@link #PATIENCE_NANOS} old.
     */
    static final int LARGEST = FuseOutHeader.SIZE + 64 * 1024;

    /** About what 32 replies to requests of 4 KiB take. */
    static final long PATIENCE_NANOS = 80_000;

    /** Requests in the wake-up before, from which on it is a crowd. */
    static final int CROWD = 3;

    private final PendingRequest[] requests = new PendingRequest[MAX];
    private final int[] positions = new int[MAX];
    private final int[] lengths = new int[MAX];
    private int count;
    private int written;
    private int bytes;
    private int together;
    private int received;

    /** When the first of them was kept, {@link System#nanoTime}. */
    private long since;

    /** Read by whoever ends a request: only the one who wrote it finds itself there. */
    private @Nullable Thread keeper;

    /** A wake-up begins, on the calling thread. */
    void begin() {
        keeper = received >= CROWD ? Thread.currentThread() : null;
        together = 0;
    }

    /** Whether small replies are kept. Loop only. */
    boolean areKept() {
        return keeper != null;
    }

    /**
     * Keeps a reply for later. Any thread.
     *
     * @param at where the reply begins in the request's buffer
     * @param moved bytes of data that the request moved, in whatever direction
     * @return false: the caller has to write it
     */
    boolean take(PendingRequest request, int at, int length, int moved) {
        if (keeper != Thread.currentThread() || Math.max(length, moved) > LARGEST || count == MAX) {
            return false;
        }
        requests[count] = request;
        positions[count] = at;
        lengths[count] = length;
        bytes += Math.max(length, moved);
        together = Math.max(together, ++count);
        if (count == 1) {
            since = System.nanoTime();
        }
        if (count == MAX || bytes > LARGEST && System.nanoTime() - since >= PATIENCE_NANOS) {
            write();
        }
        return true;
    }

    /**
     * The wake-up ends.
     *
     * @param received requests that it found
     */
    void end(int received) {
        keeper = null;
        this.received = received;
        write();
    }

    /** How many requests of the last wake-up were surely there at the same time: none of them was answered before the last. */
    int together() {
        return together;
    }

    /**
     * Writes what was kept.
     *
     * @return whether there was anything: buffers have come back then
     */
    boolean write() {
        if (count == 0) {
            return false;
        }
        while (written < count) {
            int i = written++;
            try {
                requests[i].write(positions[i], lengths[i]);
            } catch (Throwable e) {
                // The others have a right to their replies all the same.
                LOGGER.error("after the reply to {}", requests[i], e);
            }
        }
        count = 0;
        written = 0;
        bytes = 0;
        return true;
    }
}
