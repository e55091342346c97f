package dev.weir.posix;

/** Memory of the process, page by page. Any thread. */
public final class PosixMemory {
    private static final int MADV_DONTNEED = 4;

    private PosixMemory() {}

    /**
     * Gives pages back to the kernel: they stay mapped, and read as zeroes. Where the kernel refuses, they just stay.
     *
     * @param address native address, at a page boundary
     * @param length in bytes
     */
    public static void dontNeed(long address, long length) {
        LibC.CALLS.madvise(address, length, MADV_DONTNEED);
    }
}
