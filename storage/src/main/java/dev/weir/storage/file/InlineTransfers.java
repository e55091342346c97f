package dev.weir.storage.file;

import dev.weir.posix.Errno;
import dev.weir.posix.PosixException;
import dev.weir.posix.PosixFile;
import dev.weir.posix.PosixNowait;
import java.nio.ByteBuffer;

/**
 * Small reads and writes on the caller's own thread, where the file's data is in memory: a hop to the pool and back costs
 * more than the copy. What a file system can do is learnt from its first answers.
 *
 * <p>A file system that is memory, tmpfs or ramfs, is read and written plainly. Elsewhere RWF_NOWAIT keeps the call from
 * blocking: ext4, xfs and btrfs know it for cached reads, xfs for writes. Any thread.
 */
final class InlineTransfers {
    /** Bytes above which the pool is faster: there the cores copy in parallel. */
    static final int MAX_BYTES = 64 * 1024;

    /** Leaves everything to the pool. */
    static final InlineTransfers NONE = new InlineTransfers(-1, 0, false);

    private static final long TMPFS_MAGIC = 0x01021994;
    private static final long RAMFS_MAGIC = 0x858458f6L;

    private final int fd;
    private final int flags;
    private volatile boolean reads;
    private volatile boolean writes;

    private InlineTransfers(int fd, int flags, boolean possible) {
        this.fd = fd;
        this.flags = flags;
        this.reads = possible;
        this.writes = possible;
    }

    /** For a file that is read and written through the page cache, with that descriptor; blocks. */
    static InlineTransfers of(OpenFile file) throws PosixException {
        if (file.limits().requestAlignment() > 1) {
            return NONE;
        }
        long type = PosixFile.fileSystemType(file.fd());
        boolean memory = !file.blockDevice() && (type == TMPFS_MAGIC || type == RAMFS_MAGIC);
        return new InlineTransfers(file.fd(), memory ? 0 : PosixFile.RWF_NOWAIT, true);
    }

    /**
     * Reads what is there without waiting.
     *
     * @return the count, by which the buffer's position moved; 0 or less where the pool has to do it
     */
    int read(ByteBuffer dst, long offset) {
        if (!reads || dst.remaining() > MAX_BYTES) {
            return 0;
        }
        int count = PosixNowait.read(fd, dst, offset, flags);
        if (unsupported(count)) {
            reads = false;
        }
        return count;
    }

    /** As {@link #read}, the other way. */
    int write(ByteBuffer src, long offset) {
        if (!writes || src.remaining() > MAX_BYTES) {
            return 0;
        }
        int count = PosixNowait.write(fd, src, offset, flags);
        if (unsupported(count)) {
            writes = false;
        }
        return count;
    }

    private static boolean unsupported(int count) {
        return count == -Errno.EOPNOTSUPP || count == -Errno.ENOSYS || count == -Errno.EINVAL;
    }
}
