package dev.weir.fuse.session;

import dev.weir.posix.PosixScheduling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the other processor of a machine with two from being idle, for a moment: the scheduler wakes a client there
 * otherwise, away from the event loop that has just answered it, and to wake an idle processor takes longer than to serve
 * the request. What is spent on it is what the loop would spend on polling if they were apart; everybody else's threads go
 * first (nice 19), but for a moment at the beginning: a client that has been away is woken up where the load is least, and a
 * thread that gives way is next to none. Where the process may not lower nice values, it is so the first time only. Any
 * thread.
 */
final class NeighbourSpin implements ClientAffinity.Neighbour {
    private static final Logger LOGGER = LoggerFactory.getLogger(NeighbourSpin.class);

    private static final boolean PAUSES = mayPause(System.getProperty("os.version", ""));

    private static final @Nullable NeighbourSpin INSTANCE =
            Runtime.getRuntime().availableProcessors() == 2 && machineHasTwo() ? new NeighbourSpin() : null;

    /** How long it counts as much as the process's other threads. */
    static final long EAGER_NANOS = 4_000_000;

    /**
     * For how long it goes on without a pause: until the scheduler takes the processor's load for that of a busy one. After
     * that pauses need not show: where the mean load of all processors is above 0.6, the scheduler does not look for an idle
     * one (SIS_UTIL, since Linux 5.19).
     */
    static final long STEADY_NANOS = 100_000_000;

    /** From one pause to the next, and how long a pause is. */
    static final long TURN_NANOS = 1_500_000;

    static final long PAUSE_NANOS = 1_000_000;

    /** From one eager time to the next, at least. */
    private static final long EAGER_PAUSE = 8 * EAGER_NANOS;

    private static final int GIVE_WAY = 19;

    /** How long the thread stays when nobody wants it. */
    static final long LINGER_NANOS = 200_000_000;

    private volatile long until;
    private volatile int processor;
    private volatile int busy = PosixScheduling.UNKNOWN;
    private volatile boolean impossible;
    private volatile boolean spinning;
    private @Nullable Thread thread;

    // Of the thread: the nice value that it began with, when it had that last, and since when it has spun.
    private int usual;
    private long eagerSince;
    private long since;
    private long ended;

    NeighbourSpin() {
        until = System.nanoTime();
    }

    /** Before a loop asks for the {@link #instance}: the first time, a file is read, which loops must not do. */
    static void prepare() {
        // To initialize the class is all.
    }

    /** On machines with more processors there is always another idle one. */
    static @Nullable NeighbourSpin instance() {
        return INSTANCE;
    }

    /** The process may have less than the machine, two of many processors or the time of two: to spin there gains nothing. */
    private static boolean machineHasTwo() {
        try {
            return Files.readString(Path.of("/sys/devices/system/cpu/online"))
                    .strip()
                    .equals("0-1");
        } catch (IOException e) {
            LOGGER.debug("it is not known which processors there are", e);
            return false;
        }
    }

    @Override
    public void spin(long until, int here) {
        boolean elsewhere = processor == here;
        this.processor = 1 - here;
        this.until = until;
        if ((elsewhere || !spinning) && !impossible) {
            wake();
        }
    }

    @Override
    public boolean isBusy(int processor) {
        return busy == processor;
    }

    private synchronized void wake() {
        spinning = true;
        if (thread != null) {
            LockSupport.unpark(thread);
            return;
        }
        try {
            var started = new Thread(this::run, "weir-spin");
            started.setDaemon(true);
            started.start();
            thread = started;
        } catch (Error e) {
            // No thread to be had: requests are served all the same.
            spinning = false;
            impossible = true;
            LOGGER.debug("no thread keeps the other processor busy", e);
        }
    }

    private void run() {
        usual = PosixScheduling.nice();
        eagerSince = System.nanoTime() - EAGER_PAUSE;
        ended = System.nanoTime() - STEADY_NANOS;
        while (isWanted() || isWantedSoon()) {
            spinning = true;
            // Only while it spins: who wakes it up must find a processor for it that is not busy.
            int here = processor;
            if (!PosixScheduling.stayOn(here, () -> spinOn(here))) {
                until = System.nanoTime();
            }
        }
    }

    /** Waits for somebody to want it again; if nobody does for a while, the thread ends. */
    private boolean isWantedSoon() {
        long end = System.nanoTime() + LINGER_NANOS;
        while (true) {
            // First this, then the look: whoever wants it from here on wakes it up, also one that was too late before.
            spinning = false;
            if (isWanted()) {
                return true;
            }
            long left = end - System.nanoTime();
            if (left <= 0) {
                return !hasEnded();
            }
            LockSupport.parkNanos(this, left);
        }
    }

    private synchronized boolean hasEnded() {
        if (isWanted()) {
            return false;
        }
        thread = null;
        spinning = false;
        return true;
    }

    private void spinOn(int here) {
        long start = System.nanoTime();
        boolean eager = start - eagerSince >= EAGER_PAUSE;
        if (eager) {
            eagerSince = start;
            PosixScheduling.nice(usual);
        }
        if (start - ended > TURN_NANOS) {
            since = start;
        }
        long turn = start;
        busy = here;
        while (isWanted() && processor == here) {
            Thread.onSpinWait();
            long now = System.nanoTime();
            if (eager && now - start > EAGER_NANOS) {
                eager = false;
                PosixScheduling.nice(GIVE_WAY);
            }
            if (PAUSES && now - since > STEADY_NANOS && now - turn > TURN_NANOS) {
                LockSupport.parkNanos(this, PAUSE_NANOS);
                turn = System.nanoTime();
            }
        }
        busy = PosixScheduling.UNKNOWN;
        PosixScheduling.nice(GIVE_WAY);
        ended = System.nanoTime();
    }

    /** Whether a kernel of this release has SIS_UTIL. */
    static boolean mayPause(String release) {
        String[] numbers = release.split("[^0-9]", 3);
        try {
            int major = Integer.parseInt(numbers[0]);
            return major > 5 || major == 5 && Integer.parseInt(numbers[1]) >= 19;
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
            return false;
        }
    }

    private boolean isWanted() {
        return System.nanoTime() - until < 0;
    }
}
