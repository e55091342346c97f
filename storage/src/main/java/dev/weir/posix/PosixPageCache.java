package dev.weir.posix;

import com.kenai.jffi.MemoryIO;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** What the kernel has of a file in memory, for hot paths: nothing is allocated, an error is a number. Any thread. */
public final class PosixPageCache {
    /** In bytes, on the architectures that Weir runs on. */
    private static final int PAGE = 4096;

    private static final MemoryIO MEMORY = MemoryIO.getInstance();

    /** The number of the system call is the same on every architecture; Linux 6.5. */
    private static final int CACHESTAT = 451;

    private static final int PROT_READ = 1;
    private static final int MAP_SHARED = 1;

    /** struct cachestat_range, two words, and struct cachestat, five, the first of which is nr_cache; one for each thread. */
    private static final ThreadLocal<Cachestat> STRUCTS = ThreadLocal.withInitial(Cachestat::new);

    private static final class Cachestat {
        private final ByteBuffer words = ByteBuffer.allocateDirect(56).order(ByteOrder.nativeOrder());
        private final long address = MEMORY.getDirectBufferAddress(words);

        long of(int fd, long offset, long length) {
            words.putLong(0, offset);
            words.putLong(8, length);
            long result = LibC.CALLS.syscall(CACHESTAT, fd, address, address + 16, 0, 0);
            return result < 0 ? -LibC.errno() : words.getLong(16);
        }
    }

    private PosixPageCache() {}

    /**
     * Whether every page of a range is in the page cache; one that is being read from the disk counts.
     *
     * @param length bytes, at least 1
     * @return 1 or 0, or a negated {@link Errno}: ENOSYS before Linux 6.5, EPERM for a file of somebody else's that is not
     *     open for writing, EOPNOTSUPP for files in huge pages
     */
    public static int isCached(int fd, long offset, int length) {
        long cached = STRUCTS.get().of(fd, offset, length);
        if (cached < 0) {
            return (int) cached;
        }
        return cached == (offset + length - 1) / PAGE - offset / PAGE + 1 ? 1 : 0;
    }

    /**
     * Maps a file from its begin, for reading. What lies past its end is mapped, too, but there is nothing.
     *
     * @param length bytes of address space
     * @return the native address; the process dies if it touches a page that cannot be had, while system calls fail with
     *     EFAULT
     */
    public static long map(int fd, long length) throws PosixException {
        long address = LibC.CALLS.mmap(0, length, PROT_READ, MAP_SHARED, fd, 0);
        if (address == -1) {
            throw LibC.failed("mmap");
        }
        return address;
    }

    /** Ends a {@link #map}. */
    public static void unmap(long address, long length) {
        LibC.CALLS.munmap(address, length);
    }
}
