package dev.weir.posix;

import com.kenai.jffi.MemoryIO;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Files that are mapped, and what of them the kernel has in memory. Any thread. */
public final class PosixPageCache {
    /** The longest range for {@link #isResident}, in bytes. */
    public static final int MAX_BYTES = 4 << 20;

    /** In bytes, on the architectures that Weir runs on. */
    private static final int PAGE = 4096;

    private static final MemoryIO MEMORY = MemoryIO.getInstance();

    /** The number of the system call is the same on every architecture; Linux 6.5. */
    private static final int CACHESTAT = 451;

    private static final int PROT_READ = 1;
    private static final int MAP_SHARED = 1;

    /** What mincore tells, a byte for each page, of which the lowest bit counts; one for each thread. */
    private static final ThreadLocal<Residency> RESIDENCY = ThreadLocal.withInitial(Residency::new);

    private static final class Residency {
        private static final long ALL = 0x0101010101010101L;

        private final ByteBuffer pages =
                ByteBuffer.allocateDirect(MAX_BYTES / PAGE + 2).order(ByteOrder.nativeOrder());
        private final long address = MEMORY.getDirectBufferAddress(pages);

        boolean isFull(int count) {
            int i = 0;
            for (; i + Long.BYTES <= count; i += Long.BYTES) {
                if ((pages.getLong(i) & ALL) != ALL) {
                    return false;
                }
            }
            for (; i < count; i++) {
                if ((pages.get(i) & 1) == 0) {
                    return false;
                }
            }
            return true;
        }
    }

    private PosixPageCache() {}

    /**
     * Whether the kernel tells this process the truth about what it has of a file in memory: it does so for the owner, and
     * for whoever may write to the file. From Linux 6.5 on; false before.
     */
    public static boolean isKnown(int fd) {
        ByteBuffer structs = LibC.struct(56).putLong(8, 1);
        long address = LibC.address(structs);
        return LibC.CALLS.syscall(CACHESTAT, fd, address, address + 16, 0, 0) == 0;
    }

    /**
     * Whether every page of a mapped range is in memory and up to date, so that a system call that reads there does not wait.
     * Allocates nothing. Only where {@link #isKnown}: the kernel claims it of any other file.
     *
     * @param address native address within a mapping
     * @param length in bytes, up to {@link #MAX_BYTES}
     */
    public static boolean isResident(long address, int length) {
        Residency residency = RESIDENCY.get();
        long first = address & -PAGE;
        int pages = (int) ((address + length - 1 - first) / PAGE) + 1;
        return LibC.CALLS.mincore(first, (long) pages * PAGE, residency.address) == 0 && residency.isFull(pages);
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
