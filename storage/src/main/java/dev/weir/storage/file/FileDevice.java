package dev.weir.storage.file;

import dev.weir.posix.FileStatus;
import dev.weir.storage.BackingFile;
import dev.weir.storage.BlockLimits;
import dev.weir.storage.Extent;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.ResidentReader;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.ProtocolDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/** An open file. Reads and writes go through the engine, everything else through calls on the pool. */
final class FileDevice extends ProtocolDevice {
    /** The largest unit in which the kernel caches a file whose alignment is smaller. */
    private static final long PAGE = 4096;

    private final String nodeName;
    private final OpenFile file;
    private final FileEngine engine;
    private final InlineTransfers inline;
    private final Executor pool;
    private final boolean durable;
    private final ImageLock lock;
    private final FlushQueue flushQueue;
    private final FileLength length;
    private final ResidentPages resident;
    private final RangeCalls ranges;
    private final ExtentMap extents;
    private final AtomicBoolean closed = new AtomicBoolean();

    /**
     * @param engine on the same file; the device closes both
     * @param noFlush {@code cache.no-flush}
     */
    FileDevice(
            String nodeName,
            OpenFile file,
            FileEngine engine,
            InlineTransfers inline,
            Executor pool,
            boolean noFlush,
            ImageLock lock) {
        this.nodeName = nodeName;
        this.file = file;
        this.engine = engine;
        this.inline = inline;
        this.pool = pool;
        this.durable = !noFlush && !file.readOnly();
        this.lock = lock;
        this.flushQueue = new FlushQueue(engine, inline, pool);
        this.length = new FileLength(file);
        this.resident = new ResidentPages(file, length);
        this.ranges = new RangeCalls(file);
        this.extents = new ExtentMap(file.fd());
    }

    String nodeName() {
        return nodeName;
    }

    FileEngine engine() {
        return engine;
    }

    InlineTransfers inline() {
        return inline;
    }

    Executor pool() {
        return pool;
    }

    FlushQueue flushes() {
        return flushQueue;
    }

    /** The end of the file, which a write must not move. */
    FileLength end() {
        return length;
    }

    OpenFile file() {
        return file;
    }

    /** The buffered descriptor. */
    int fd() {
        return file.fd();
    }

    /** Whether the engine goes around the page cache, and so must see aligned requests only. */
    boolean direct() {
        return file.limits().requestAlignment() > 1;
    }

    boolean aligned(long offset) {
        return (offset & file.limits().requestAlignment() - 1) == 0;
    }

    /**
     * Where the engine's part of a file of that length ends. What follows is a tail that direct I/O cannot reach; it starts at
     * a page, so that no page has a part that is written around the page cache and one that is written through it.
     */
    long alignedEnd(long fileLength) {
        return aligned(fileLength)
                ? fileLength
                : fileLength & -Math.max(PAGE, file.limits().requestAlignment());
    }

    @Override
    public @Nullable BackingFile backingFile() {
        return file.blockDevice() ? null : file;
    }

    @Override
    public BlockLimits limits() {
        return file.limits();
    }

    @Override
    public long length() {
        return length.bytes();
    }

    @Override
    public Mono<Void> read(long offset, ByteBuffer dst) {
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Void> actual) {
                startRead(offset, dst, actual);
            }
        };
    }

    @Override
    public void startRead(long offset, ByteBuffer dst, CoreSubscriber<? super Void> actual) {
        FileTransfer.read(this, offset, dst, actual);
    }

    @Override
    public boolean showResident(long offset, int length, ResidentReader reader) {
        return resident.show(offset, length, reader);
    }

    @Override
    public Mono<Void> write(long offset, ByteBuffer src, Set<WriteFlag> flags) {
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Void> actual) {
                startWrite(offset, src, flags, actual);
            }
        };
    }

    @Override
    public void startWrite(long offset, ByteBuffer src, Set<WriteFlag> flags, CoreSubscriber<? super Void> actual) {
        FileTransfer.write(this, offset, src, durable && flags.contains(WriteFlag.FUA), actual);
    }

    @Override
    public Mono<Void> writeZeroes(long offset, long bytes, Set<WriteFlag> flags) {
        boolean mayUnmap = flags.contains(WriteFlag.MAY_UNMAP);
        boolean noFallback = flags.contains(WriteFlag.NO_FALLBACK);
        Mono<Void> zero = call("writeZeroes", offset, () -> {
            extents.holesChanged();
            ranges.zero(offset, bytes, mayUnmap, noFallback);
            extents.holesChanged();
        });
        return flags.contains(WriteFlag.FUA) ? zero.then(flush()) : zero;
    }

    @Override
    public Mono<Void> discard(long offset, long bytes) {
        return call("discard", offset, () -> {
            extents.holesChanged();
            ranges.discard(offset, bytes);
            extents.holesChanged();
        });
    }

    @Override
    public Mono<Void> flush() {
        return durable ? new FileFlush(flushQueue, nodeName) : Mono.empty();
    }

    @Override
    public Mono<Void> truncate(long bytes, PreallocMode prealloc) {
        return call("truncate", bytes, () -> {
            extents.holesChanged();
            boolean shorter = bytes < length.bytes();
            if (shorter) {
                resident.shrink();
            }
            try {
                length.change(bytes, prealloc);
            } finally {
                if (shorter) {
                    resident.shrunk();
                }
            }
            extents.holesChanged();
        });
    }

    @Override
    public Mono<Extent> blockStatus(long offset, long bytes) {
        return Mono.defer(() -> {
            long inside = Math.min(bytes, length() - offset);
            @Nullable Extent known = extents.cached(offset, inside);
            return known != null
                    ? Mono.just(known)
                    : new PoolCall<>(pool, nodeName, "blockStatus", offset, () -> extents.find(offset, inside));
        });
    }

    @Override
    public Mono<Long> allocatedBytes() {
        return file.blockDevice()
                ? Mono.fromSupplier(this::length)
                : new PoolCall<>(
                        pool,
                        nodeName,
                        "allocatedBytes",
                        -1,
                        () -> FileStatus.of(fd()).blocks() * 512);
    }

    /**
     * Users of this node may share it among themselves as they like; other processes must not write or resize a file that is
     * in use here, whatever the users share.
     */
    @Override
    public Mono<Void> permissionsChanged(Permissions permissions) {
        Permissions locked = permissions.used().isEmpty() ? permissions : permissions.and(Permissions.READ);
        return lock.off()
                ? Mono.empty()
                : call("permissions", -1, () -> {
                    synchronized (lock) {
                        lock.change(locked);
                    }
                });
    }

    /** Without a moment in which another process could take the image. */
    @Override
    public Mono<Void> takeOver(BlockDevice other, Permissions permissions) {
        return other instanceof FileDevice former
                ? call("permissions", -1, () -> {
                    synchronized (former.lock) {
                        synchronized (lock) {
                            lock.takeOver(former.lock);
                        }
                    }
                })
                : super.takeOver(other, permissions);
    }

    @Override
    public Mono<Void> close() {
        return call("close", -1, () -> {
            if (closed.compareAndSet(false, true)) {
                resident.close();
                closeBoth(engine, file);
            }
        });
    }

    /** Blocks. */
    static void closeBoth(FileEngine engine, OpenFile file) throws IOException {
        try {
            engine.close();
        } finally {
            file.close();
        }
    }

    private Mono<Void> call(String operation, long offset, PoolCall.Action action) {
        return PoolCall.of(pool, nodeName, operation, offset, () -> {
            inline.enterExclusive();
            try {
                action.run();
            } finally {
                inline.leaveExclusive();
            }
        });
    }
}
