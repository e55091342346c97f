package dev.weir.storage.spi;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * A lock on ranges of bytes that nobody waits for with a thread. It is granted in the order of arrival: a hold waits for
 * every earlier one that overlaps it where one of the two is exclusive. Any thread.
 */
public final class RangeLock {
    /** A range that is held or waited for, and that can be acquired again after it was released. */
    public abstract static class Hold {
        private long start;
        private long end;
        private boolean exclusive;
        private boolean granted;

        /** The range is held now. Called once, on the thread that asked or on one that released. */
        protected abstract void granted();

        private boolean conflictsWith(Hold other) {
            return start < other.end && other.start < end && (exclusive || other.exclusive);
        }
    }

    /** In the order of arrival. */
    private final List<Hold> holds = new ArrayList<>();

    private final Queue<Hold> ready = new ConcurrentLinkedQueue<>();
    private final AtomicInteger running = new AtomicInteger();
    private int waiting;

    /** Calls {@link Hold#granted} as soon as the bytes from {@code start} to before {@code end} are free. */
    public void acquire(Hold hold, long start, long end, boolean exclusive) {
        hold.start = start;
        hold.end = end;
        hold.exclusive = exclusive;
        synchronized (this) {
            hold.granted = isFree(hold, holds.size());
            holds.add(hold);
            if (!hold.granted) {
                waiting++;
                return;
            }
        }
        hold.granted();
    }

    /** Lets others have the range at the same time that ask for it shared. The hold is granted, and exclusive. */
    public void share(Hold hold) {
        synchronized (this) {
            hold.exclusive = false;
            grantWaiting();
        }
        runReady();
    }

    /** Gives back what was granted. */
    public void release(Hold hold) {
        synchronized (this) {
            holds.remove(hold);
            grantWaiting();
        }
        runReady();
    }

    private void grantWaiting() {
        for (int i = 0; i < holds.size() && waiting > 0; i++) {
            Hold next = holds.get(i);
            if (!next.granted && isFree(next, i)) {
                next.granted = true;
                waiting--;
                ready.add(next);
            }
        }
    }

    /** How many ranges are held or waited for. */
    public synchronized int size() {
        return holds.size();
    }

    private boolean isFree(Hold hold, int before) {
        for (int i = 0; i < before; i++) {
            if (hold.conflictsWith(holds.get(i))) {
                return false;
            }
        }
        return true;
    }

    /** A hold that ends at once releases from within: the loop keeps that from growing the stack. */
    private void runReady() {
        if (running.getAndIncrement() != 0) {
            return;
        }
        do {
            for (Hold hold = ready.poll(); hold != null; hold = ready.poll()) {
                try {
                    hold.granted();
                } catch (RuntimeException | Error e) {
                    // Of a subscriber: it must not keep the others waiting.
                    Operators.onErrorDropped(e, Context.empty());
                }
            }
        } while (running.decrementAndGet() != 0);
    }
}
