package dev.weir.storage.file;

import dev.weir.posix.PosixException;
import dev.weir.posix.PosixPageCache;
import dev.weir.storage.ResidentReader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Large ranges of a file on a local disk, shown in the page cache through a mapping: that saves one of the two copies of a
 * read. Nobody but the kernel touches the mapping, so that a file which others cut off costs a request and not the process.
 * Not for files in memory, where the mapping would allocate what nobody has written. Any thread.
 */
final class ResidentPages {
    /** Bytes below which to copy is as fast. */
    static final int MIN_BYTES = 16 * 1024;

    /** Bytes above which a caller would be kept too long. */
    static final int MAX_BYTES = InlineTransfers.MAX_SHARED_BYTES;

    /** Bytes of the smallest mapping; the next one is twice as long. */
    private static final long MIN_MAPPED = 1L << 30;

    /**
     * Bytes of the longest one: what lies behind is copied. All exports share one address space, and what is mapped counts
     * for the memory of the process.
     */
    private static final long MAX_MAPPED = 64L << 30;

    private static final long WAIT_NANOS = 20_000;

    private final int fd;
    private final FileLength end;

    /** Shown at the moment. */
    private final AtomicInteger showing = new AtomicInteger();

    /** Calls that make the file shorter. */
    private final AtomicInteger shrinking = new AtomicInteger();

    private final List<Mapping> mappings = new ArrayList<>();
    private volatile @Nullable Mapping widest;
    private volatile boolean possible;

    private record Mapping(long address, long length) {}

    ResidentPages(OpenFile file, FileLength end) {
        this.fd = file.fd();
        this.end = end;
        this.possible = file.limits().requestAlignment() == 1
                && !file.blockDevice()
                && file.fileSystem().isLocalDisk()
                && !file.onDeviceOfProcess()
                && PosixPageCache.isKnown(file.fd());
    }

    /** As {@link dev.weir.storage.BlockIo#showResident}. */
    boolean show(long offset, int length, ResidentReader reader) {
        if (!possible || length < MIN_BYTES || length > MAX_BYTES || offset + length > MAX_MAPPED) {
            return false;
        }
        showing.incrementAndGet();
        try {
            if (shrinking.get() > 0 || offset + length > end.bytes()) {
                return false;
            }
            Mapping mapping = mapping(offset + length);
            if (mapping == null || !PosixPageCache.isResident(mapping.address + offset, length)) {
                return false;
            }
            reader.show(mapping.address + offset, length);
            return true;
        } finally {
            showing.decrementAndGet();
        }
    }

    private @Nullable Mapping mapping(long needed) {
        Mapping mapping = widest;
        return mapping != null && mapping.length >= needed ? mapping : map(needed);
    }

    private synchronized @Nullable Mapping map(long needed) {
        Mapping mapping = widest;
        if (mapping != null && mapping.length >= needed || !possible) {
            return mapping;
        }
        long length = Math.max(MIN_MAPPED, Long.highestOneBit(needed - 1) << 1);
        try {
            mapping = new Mapping(PosixPageCache.map(fd, length), length);
        } catch (PosixException e) {
            // The address space is limited, or used up.
            possible = false;
            return null;
        }
        mappings.add(mapping);
        widest = mapping;
        return mapping;
    }

    /** The file is about to become shorter: what is shown is waited for, and nothing is until {@link #shrunk}. Blocks. */
    void shrink() {
        shrinking.incrementAndGet();
        while (showing.get() > 0) {
            LockSupport.parkNanos(WAIT_NANOS);
        }
    }

    /** Ends one {@link #shrink}. */
    void shrunk() {
        shrinking.decrementAndGet();
    }

    /** Blocks; nothing is shown any more. */
    synchronized void close() {
        possible = false;
        widest = null;
        for (Mapping mapping : mappings) {
            PosixPageCache.unmap(mapping.address, mapping.length);
        }
        mappings.clear();
    }
}
