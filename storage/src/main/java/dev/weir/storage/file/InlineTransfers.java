package dev.weir.storage.file;

import dev.weir.posix.Errno;
import dev.weir.posix.PosixFile;
import dev.weir.posix.PosixNowait;
import dev.weir.posix.PosixScheduling;
import dev.weir.storage.spi.AioContext;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Small reads and writes on the caller's own thread, where the file's data is in memory: a hop to the pool and back costs
 * more than the copy. What a file system can do is learnt from its first answers.
 *
 * <p>A file system that is memory, tmpfs or ramfs, is read and written plainly. Elsewhere RWF_NOWAIT keeps the call from
 * blocking: ext4, xfs and btrfs know it for cached reads, xfs for writes. ext4, which does not, is written plainly as long
 * as a {@link WriteGuard} finds that it does not block. Any thread.
 */
final class InlineTransfers {
    /** Bytes above which the pool is faster, where one loop serves a client: there the cores copy in parallel. */
    static final int MAX_BYTES = 64 * 1024;

    /** As {@link #MAX_BYTES}, where several loops do. */
    static final int MAX_SHARED_BYTES = 1024 * 1024;

    /** Leaves everything to the pool. */
    static final InlineTransfers NONE = new InlineTransfers(-1, 0, false, null);

    /** What is smaller has to be read from the disk first where it is not in memory. */
    private static final int PAGE = 4096;

    private final int fd;
    private final int flags;
    private final @Nullable WriteGuard guard;
    /** Calls under way on other threads that keep writers of the file waiting, for as long as they take. */
    private final AtomicInteger exclusive = new AtomicInteger();

    /** Writes under way on other threads, and when the last one of them ended. */
    private final AtomicInteger handedOn = new AtomicInteger();

    private volatile long handedOnEnded = System.nanoTime();

    /** Threads in a guarded write. */
    private final AtomicInteger writers = new AtomicInteger();

    private volatile boolean reads;
    private volatile boolean writes;

    private InlineTransfers(int fd, int flags, boolean possible, @Nullable WriteGuard guard) {
        this.fd = fd;
        this.flags = flags;
        this.reads = possible;
        this.writes = possible;
        this.guard = guard;
    }

    /** For a file that is read and written through the page cache, with that descriptor; blocks. */
    static InlineTransfers of(OpenFile file) {
        if (file.limits().requestAlignment() > 1) {
            return NONE;
        }
        boolean memory = !file.blockDevice() && file.fileSystem().isMemory();
        boolean guarded = !file.blockDevice() && file.fileSystem() == FileSystemType.EXT4 && !file.onDeviceOfProcess();
        return new InlineTransfers(
                file.fd(), memory ? 0 : PosixFile.RWF_NOWAIT, true, guarded ? new WriteGuard(System.nanoTime()) : null);
    }

    /** A sync, or a change of what is allocated, begins on another thread. */
    void enterExclusive() {
        exclusive.incrementAndGet();
    }

    /** A write begins on another thread. */
    void enterWrite() {
        handedOn.incrementAndGet();
    }

    /** Ends {@link #enterWrite}. */
    void leaveWrite() {
        if (guard != null) {
            handedOnEnded = System.nanoTime();
        }
        handedOn.decrementAndGet();
    }

    /** Ends {@link #enterExclusive}. */
    void leaveExclusive() {
        exclusive.decrementAndGet();
    }

    /**
     * Reads what is there without waiting.
     *
     * @return the count, by which the buffer's position moved; 0 or less where the pool has to do it
     */
    int read(ByteBuffer dst, long offset) {
        if (!reads || !isSmall(dst.remaining())) {
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
        if (!writes || !isSmall(src.remaining())) {
            return 0;
        }
        if (guard != null) {
            return writeGuarded(guard, src, offset);
        }
        int count = PosixNowait.write(fd, src, offset, flags);
        if (unsupported(count)) {
            writes = false;
        }
        return count;
    }

    /** Whether a transfer of so many bytes is tried on the calling thread. */
    static boolean isSmall(int bytes) {
        if (bytes <= MAX_BYTES) {
            return true;
        }
        AioContext loop = bytes <= MAX_SHARED_BYTES ? AioContext.current() : null;
        return loop != null && loop.isShared();
    }

    private int writeGuarded(WriteGuard open, ByteBuffer src, long offset) {
        if ((src.remaining() | offset) % PAGE != 0 || exclusive.get() > 0) {
            return 0;
        }
        long start = System.nanoTime();
        if (!open.isOpen(start) || isHeld(start)) {
            return 0;
        }
        int bytes = src.remaining();
        boolean close = open.looksClose();
        long waits = close ? PosixScheduling.waits() : 0;
        boolean alone = writers.getAndIncrement() == 0 && handedOn.get() == 0;
        int count = PosixNowait.write(fd, src, offset, 0);
        alone &= writers.getAndDecrement() == 1 && handedOn.get() == 0;
        boolean waited = close && PosixScheduling.waits() != waits;
        open.took(bytes, alone, waited, start, System.nanoTime());
        return count;
    }

    /** Others write, and none of them got anywhere of late; to hand on this one, too, while they do would never end. */
    private boolean isHeld(long now) {
        return handedOn.get() > 0 && now - handedOnEnded > WriteGuard.BLOCKED_NANOS;
    }

    private static boolean unsupported(int count) {
        return count == -Errno.EOPNOTSUPP || count == -Errno.ENOSYS || count == -Errno.EINVAL;
    }
}
