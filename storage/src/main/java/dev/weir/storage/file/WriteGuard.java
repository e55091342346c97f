package dev.weir.storage.file;

/**
 * Whether a write through the page cache of a disk may be expected not to block, which no flag of such a file system
 * tells: while the last ones did not. A disk that has too much to write back makes writers wait; the first one that waits
 * sends the following ones to the pool for a while, twice as long each time that the next try is slow, too. Any thread;
 * threads that race lose a measurement at most.
 */
final class WriteGuard {
    /** Nanoseconds above which a write counts as blocked, and one more for each byte; a copy takes a fifth of that. */
    static final long BLOCKED_NANOS = 200_000;

    static final long FIRST_PAUSE = 20_000_000;
    static final long LONGEST_PAUSE = 2_000_000_000;

    /** Writes in a row that were fast, after which an old pause is forgotten. */
    static final int TRUSTED = 10_000;

    private volatile long closedUntil;
    private volatile long pause;
    private int fast;

    /** @param now on the clock of {@link System#nanoTime} */
    WriteGuard(long now) {
        closedUntil = now;
    }

    boolean isOpen(long now) {
        return now - closedUntil >= 0;
    }

    /** A write of so many bytes that began at {@code start} has ended. */
    void took(int bytes, long start, long end) {
        if (end - start > BLOCKED_NANOS + bytes) {
            pause = Math.min(Math.max(2 * pause, FIRST_PAUSE), LONGEST_PAUSE);
            closedUntil = end + pause;
            fast = 0;
        } else if (pause != 0 && ++fast >= TRUSTED) {
            pause = 0;
            fast = 0;
        }
    }
}
