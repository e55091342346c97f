package dev.weir.storage.file;

import dev.weir.posix.Errno;
import dev.weir.posix.PosixException;
import dev.weir.posix.PosixFile;
import dev.weir.storage.Extent;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Where a file has data, by SEEK_DATA and SEEK_HOLE, with the last run of data kept.
 *
 * <p>A hole is never kept, and so no write needs to tell: to take a hole for data costs time only, to take data for a hole
 * loses it. The run is dropped by what makes holes, before and after, so that a lookup which ran meanwhile is not kept.
 */
final class ExtentMap {
    private record Run(long offset, long end, long version) {}

    private final int fd;
    private final AtomicLong version = new AtomicLong();
    private volatile @Nullable Run data;
    private volatile boolean unsupported;

    ExtentMap(int fd) {
        this.fd = fd;
    }

    /** The kept answer, or null. Does not block. */
    @Nullable
    Extent cached(long offset, long length) {
        if (unsupported) {
            return Extent.data(offset, length);
        }
        Run run = data;
        if (run == null || run.version != version.get() || offset < run.offset || offset >= run.end) {
            return null;
        }
        return Extent.data(offset, Math.min(length, run.end - offset));
    }

    /** Asks the file system. Blocks. An error is taken for data. */
    Extent find(long offset, long length) {
        long before = version.get();
        long start;
        try {
            start = PosixFile.lseek(fd, offset, PosixFile.SEEK_DATA);
        } catch (PosixException e) {
            if (e.errno() == Errno.ENXIO) {
                return Extent.hole(offset, length);
            }
            // Block devices, and file systems that keep no account of holes.
            if (e.errno() == Errno.EINVAL || e.errno() == Errno.EOPNOTSUPP) {
                unsupported = true;
            }
            return Extent.data(offset, length);
        }
        if (start > offset) {
            return Extent.hole(offset, Math.min(length, start - offset));
        }
        long end;
        try {
            end = PosixFile.lseek(fd, offset, PosixFile.SEEK_HOLE);
        } catch (PosixException e) {
            return Extent.data(offset, length);
        }
        if (start < offset || end <= offset) {
            // The file changed between the calls.
            return Extent.data(offset, length);
        }
        data = new Run(offset, end, before);
        return Extent.data(offset, Math.min(length, end - offset));
    }

    /** Something may be a hole that was data. Does not block. */
    void holesChanged() {
        version.incrementAndGet();
    }
}
