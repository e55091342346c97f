package dev.weir.fuse.session;

import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Bytes that queues share, on top of what each of them is guaranteed. Any thread. Without a lock while there is enough;
 * who does not get what it asks for waits in a line, which is served in order, and past which nobody gets anything.
 */
final class InFlightBudget {
    /** Somebody who waits for bytes. */
    interface Waiter {
        /** How many bytes; the same as long as it waits. */
        long wanted();

        /** The bytes are its own now. Called once for each time in the line, on any thread, under no lock. */
        void granted();
    }

    private final AtomicLong free;

    /** Length of the line; changed under its lock. */
    private final AtomicInteger waiting = new AtomicInteger();

    private final ArrayDeque<Waiter> line = new ArrayDeque<>();

    InFlightBudget(long bytes) {
        this.free = new AtomicLong(bytes);
    }

    /** Takes bytes where they are there and nobody waits. */
    boolean tryTake(long bytes) {
        return waiting.get() == 0 && takeNow(bytes);
    }

    /** Takes bytes, whether they are there or not: what is missing is given back later. */
    void force(long bytes) {
        free.addAndGet(-bytes);
    }

    void giveBack(long bytes) {
        if (bytes != 0) {
            free.addAndGet(bytes);
            if (waiting.get() != 0) {
                serve();
            }
        }
    }

    /** Puts somebody at the end of the line; its turn may come before this returns. */
    void await(Waiter waiter) {
        synchronized (line) {
            line.add(waiter);
            waiting.incrementAndGet();
        }
        serve();
    }

    /** Takes somebody out of the line; false where it is not there, because it was served. */
    boolean leave(Waiter waiter) {
        boolean left;
        synchronized (line) {
            left = line.remove(waiter);
            if (left) {
                waiting.decrementAndGet();
            }
        }
        // Whoever comes next may want less.
        serve();
        return left;
    }

    long free() {
        return free.get();
    }

    private boolean takeNow(long bytes) {
        long now = free.get();
        while (now >= bytes) {
            if (free.compareAndSet(now, now - bytes)) {
                return true;
            }
            now = free.get();
        }
        return false;
    }

    private void serve() {
        while (true) {
            Waiter first;
            synchronized (line) {
                first = line.peek();
                if (first == null || !takeNow(first.wanted())) {
                    return;
                }
                line.remove();
                waiting.decrementAndGet();
            }
            first.granted();
        }
    }
}
