package dev.weir.fuse.session;

import dev.weir.posix.PosixScheduling;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the other processor of a machine with two from being idle, for a moment: the scheduler wakes a client there
 * otherwise, away from the event loop that has just answered it, and to wake an idle processor takes longer than to serve
 * the request. What is spent on it is what the loop would spend on polling if they were apart; everybody else's threads go
 * first (nice 19). Any thread.
 */
final class NeighbourSpin {
    private static final @Nullable NeighbourSpin INSTANCE =
            Runtime.getRuntime().availableProcessors() == 2 ? new NeighbourSpin() : null;

    private volatile long until;
    private volatile int processor;
    private volatile boolean spinning;
    private @Nullable Thread thread;

    private NeighbourSpin() {
        until = System.nanoTime();
    }

    /** On machines with more processors there is always another idle one. */
    static @Nullable NeighbourSpin instance() {
        return INSTANCE;
    }

    /**
     * Spins until then; every call puts the end off.
     *
     * @param until on the clock of {@link System#nanoTime}
     * @param here the processor that is not meant, 0 or 1
     */
    void spin(long until, int here) {
        this.processor = 1 - here;
        this.until = until;
        if (!spinning) {
            wake();
        }
    }

    private synchronized void wake() {
        spinning = true;
        if (thread == null) {
            thread = new Thread(this::run, "weir-spin");
            thread.setDaemon(true);
            thread.start();
        } else {
            LockSupport.unpark(thread);
        }
    }

    private void run() {
        PosixScheduling.giveWay();
        while (true) {
            if (isWanted()) {
                // Only while it spins: who wakes it up must find a processor for it that is not busy.
                int here = processor;
                if (!PosixScheduling.stayOn(here, () -> spinOn(here))) {
                    until = System.nanoTime();
                }
            } else {
                spinning = false;
                if (!isWanted()) {
                    LockSupport.park(this);
                }
                spinning = true;
            }
        }
    }

    private void spinOn(int here) {
        while (isWanted() && processor == here) {
            Thread.onSpinWait();
        }
    }

    private boolean isWanted() {
        return System.nanoTime() - until < 0;
    }
}
