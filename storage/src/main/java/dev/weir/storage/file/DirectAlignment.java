package dev.weir.storage.file;

import dev.weir.posix.Errno;
import dev.weir.posix.FileStatus;
import dev.weir.posix.PosixException;
import dev.weir.posix.PosixFile;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * How requests of a file that is opened with O_DIRECT must be aligned.
 *
 * @param request bytes, for offset and length
 * @param memory bytes, for addresses
 */
record DirectAlignment(int request, int memory) {
    /** Through the page cache there is none. */
    static final DirectAlignment BUFFERED = new DirectAlignment(1, 1);

    private static final int LEAST = 512;
    private static final int MOST = 4096;

    /**
     * Asks the kernel (Linux 6.1), else the device, else tries. Blocks.
     *
     * @param sector the logical sector of a block device, 1 for a file
     */
    static DirectAlignment of(String filename, int fd, FileStatus status, int sector) throws PosixException {
        if (status.directIoKnown() && status.offsetAlignment() == 0) {
            throw notSupported(filename, null);
        }
        int direct;
        try {
            direct = PosixFile.open("/proc/self/fd/" + fd, PosixFile.O_RDONLY | PosixFile.O_DIRECT, 0);
        } catch (PosixException e) {
            if (e.errno() == Errno.EINVAL) {
                throw notSupported(filename, e);
            }
            throw e;
        }
        try {
            if (status.directIoKnown()) {
                return new DirectAlignment(status.offsetAlignment(), Math.max(1, status.memoryAlignment()));
            }
            if (sector > 1) {
                return new DirectAlignment(sector, sector);
            }
            return probe(direct);
        } finally {
            PosixFile.close(direct);
        }
    }

    private static DirectAlignment probe(int direct) throws PosixException {
        ByteBuffer page = ByteBuffer.allocateDirect(4 * MOST).alignedSlice(MOST);
        // A file system that takes any alignment, or a file that is too short to tell, gets the safe one.
        int request = accepts(direct, page, 0, 1) ? MOST : LEAST;
        while (request < MOST && !accepts(direct, page, 0, request)) {
            request *= 2;
        }
        int memory = LEAST;
        while (memory < MOST && !accepts(direct, page, memory, MOST)) {
            memory *= 2;
        }
        return new DirectAlignment(request, memory);
    }

    private static boolean accepts(int direct, ByteBuffer page, int position, int length) throws PosixException {
        try {
            PosixFile.pread(direct, page.duplicate().position(position).limit(position + length), 0);
            return true;
        } catch (PosixException e) {
            if (e.errno() == Errno.EINVAL) {
                return false;
            }
            throw e;
        }
    }

    private static BlockException notSupported(String filename, @Nullable Throwable cause) {
        return BlockException.of(
                BlockErrorKind.UNSUPPORTED,
                "Could not open '" + filename + "': file system does not support O_DIRECT",
                cause);
    }
}
