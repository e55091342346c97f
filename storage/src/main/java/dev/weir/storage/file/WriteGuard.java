package dev.weir.storage.file;

/**
 * Whether a write through the page cache of a disk may be expected not to block, which no flag of such a file system
 * tells: while the last ones did not. A disk that has too much to write back makes writers wait; the one that waits sends
 * the following ones to the pool for a while, twice as long each time that the next try is slow, too. A thread whose
 * processor was wanted by another is slow without having waited for anything: so the first slow write only has the guard
 * look closer. Any thread; threads that race lose a measurement at most.
 */
final class WriteGuard {
    /** Nanoseconds above which a write may have been blocked, and one more for each byte; a copy takes a fifth of that. */
    static final long BLOCKED_NANOS = 200_000;

    /** As {@link #BLOCKED_NANOS}, where others write to the file: whoever has it locked may have lost its processor. */
    static final long BLOCKED_AMONG_OTHERS_NANOS = 10_000_000;

    static final long FIRST_PAUSE = 20_000_000;
    static final long LONGEST_PAUSE = 2_000_000_000;

    /** Writes in a row that were fast, after which a slow one is forgotten. */
    static final int TRUSTED = 10_000;

    private volatile long closedUntil;
    private volatile boolean close;
    private volatile long pause;
    private int fast;

    /** @param now on the clock of {@link System#nanoTime} */
    WriteGuard(long now) {
        closedUntil = now;
    }

    boolean isOpen(long now) {
        return now - closedUntil >= 0;
    }

    /** Whether it has to be told if the next write waited; nobody need find out otherwise. */
    boolean looksClose() {
        return close;
    }

    /**
     * A write of so many bytes that began at {@code start} has ended.
     *
     * @param alone whether nobody else was writing to the file
     * @param waited whether the thread gave up its processor meanwhile; not looked at unless {@link #looksClose} said so
     *     before the write
     */
    void took(int bytes, boolean alone, boolean waited, long start, long end) {
        if (end - start > bytes + (alone ? BLOCKED_NANOS : BLOCKED_AMONG_OTHERS_NANOS)) {
            if (waited) {
                pause = Math.min(Math.max(2 * pause, FIRST_PAUSE), LONGEST_PAUSE);
                closedUntil = end + pause;
            }
            close = true;
            fast = 0;
        } else if (close && ++fast >= TRUSTED) {
            close = false;
            pause = 0;
            fast = 0;
        }
    }
}
