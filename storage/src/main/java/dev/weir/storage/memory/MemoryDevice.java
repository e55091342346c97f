package dev.weir.storage.memory;

import dev.weir.storage.Extent;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.ProtocolDevice;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executor;
import java.util.function.LongConsumer;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Chunks of memory by number; a chunk that is absent reads as zero. They lie outside of the heap: when there is no more, a
 * request fails, and not the process; whether there is no more is found out on the pool.
 */
final class MemoryDevice extends ProtocolDevice {
    private static final int CHUNK = 64 << 10;
    private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(CHUNK);

    private final ChunkMemory memory;
    private final Scheduler pool;

    /** Looked up by any thread, changed with {@link #runs}, under its lock. */
    private final ConcurrentMap<Long, ByteBuffer> chunks = new ConcurrentHashMap<>();

    private final ChunkRuns runs = new ChunkRuns();
    private volatile long length;

    /** @param pool where to wait for memory */
    MemoryDevice(long length, ChunkMemory memory, Executor pool) {
        this.length = length;
        this.memory = memory;
        this.pool = Schedulers.fromExecutor(pool);
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public Mono<Void> read(long offset, ByteBuffer dst) {
        return Mono.fromRunnable(() -> {
            long end = offset + dst.remaining();
            for (long at = offset; at < end; ) {
                int n = inChunk(at, end);
                ByteBuffer chunk = chunks.get(at / CHUNK);
                dst.put(dst.position(), chunk == null ? ZEROES : chunk, (int) (at % CHUNK), n);
                dst.position(dst.position() + n);
                at += n;
            }
        });
    }

    @Override
    public Mono<Void> write(long offset, ByteBuffer src, Set<WriteFlag> flags) {
        return Mono.defer(() -> {
            long missing = missing(offset, offset + src.remaining());
            if (missing == 0 || memory.hasRoom(missing * CHUNK)) {
                writeNow(offset, src, false);
                return Mono.empty();
            }
            return onPool(() -> writeNow(offset, src, true));
        });
    }

    private Mono<Void> onPool(Runnable action) {
        return Mono.<Void>fromRunnable(action).subscribeOn(pool);
    }

    private long missing(long from, long end) {
        long missing = 0;
        for (long at = from; at < end; at += inChunk(at, end)) {
            missing += chunks.containsKey(at / CHUNK) ? 0 : 1;
        }
        return missing;
    }

    private void writeNow(long offset, ByteBuffer src, boolean mayBlock) {
        long end = offset + src.remaining();
        for (long at = offset; at < end; ) {
            int n = inChunk(at, end);
            chunkFor(at, mayBlock).put((int) (at % CHUNK), src, src.position(), n);
            src.position(src.position() + n);
            at += n;
        }
    }

    private ByteBuffer chunkFor(long offset, boolean mayBlock) {
        long number = offset / CHUNK;
        ByteBuffer chunk = chunks.get(number);
        if (chunk != null) {
            return chunk;
        }
        ByteBuffer fresh = mayBlock ? memory.await(CHUNK) : memory.take(CHUNK);
        synchronized (runs) {
            ByteBuffer other = chunks.putIfAbsent(number, fresh);
            if (other != null) {
                return other;
            }
            runs.add(number);
            return fresh;
        }
    }

    private void remove(long number) {
        synchronized (runs) {
            if (chunks.remove(number) != null) {
                runs.remove(number);
            }
        }
    }

    @Override
    public Mono<Void> writeZeroes(long offset, long length, Set<WriteFlag> flags) {
        return Mono.fromRunnable(() -> zero(offset, offset + length, flags.contains(WriteFlag.MAY_UNMAP)));
    }

    @Override
    public Mono<Void> discard(long offset, long length) {
        return Mono.fromRunnable(() -> zero(offset, offset + length, true));
    }

    private void zero(long from, long end, boolean unmap) {
        forEachChunk(from, end, number -> {
            long start = number * CHUNK;
            int first = (int) Math.max(from - start, 0);
            int last = (int) Math.min(end - start, CHUNK);
            if (unmap && first == 0 && last == CHUNK) {
                remove(number);
                return;
            }
            ByteBuffer chunk = chunks.get(number);
            if (chunk != null) {
                chunk.put(first, ZEROES, 0, last - first);
            }
        });
    }

    /** The chunks that exist in the range; a range that is much larger than they are costs no more than they do. */
    private void forEachChunk(long from, long end, LongConsumer action) {
        if (from >= end) {
            return;
        }
        long first = from / CHUNK;
        long last = (end - 1) / CHUNK;
        if (last - first > chunks.size()) {
            for (long number : chunks.keySet()) {
                if (number >= first && number <= last) {
                    action.accept(number);
                }
            }
        } else {
            for (long number = first; number <= last; number++) {
                action.accept(number);
            }
        }
    }

    @Override
    public Mono<Void> flush() {
        return Mono.empty();
    }

    @Override
    public Mono<Void> truncate(long newLength, PreallocMode prealloc) {
        boolean allocates = prealloc == PreallocMode.FALLOC || prealloc == PreallocMode.FULL;
        return allocates
                ? onPool(() -> truncateNow(newLength, true))
                : Mono.fromRunnable(() -> truncateNow(newLength, false));
    }

    private void truncateNow(long newLength, boolean allocates) {
        long old = length;
        if (newLength < old) {
            length = newLength;
            zero(newLength, up(old), true);
            return;
        }
        // A write that was late for an earlier shrinking must not show up again.
        zero(old, up(newLength), true);
        if (allocates) {
            for (long at = old; at < newLength; at += CHUNK - at % CHUNK) {
                chunkFor(at, true);
            }
        }
        length = newLength;
    }

    @Override
    public Mono<Extent> blockStatus(long offset, long length) {
        return Mono.fromSupplier(() -> {
            long end = runs.end(offset / CHUNK);
            boolean stored = end >= 0;
            long stop = stored ? end : ~end;
            long bytes = stop > (offset + length) / CHUNK ? length : stop * CHUNK - offset;
            return stored ? Extent.data(offset, bytes) : Extent.hole(offset, bytes);
        });
    }

    @Override
    public Mono<Long> allocatedBytes() {
        return Mono.fromSupplier(() -> (long) chunks.size() * CHUNK);
    }

    @Override
    public Mono<Void> close() {
        return Mono.fromRunnable(() -> {
            synchronized (runs) {
                chunks.clear();
                runs.clear();
            }
        });
    }

    private static int inChunk(long at, long end) {
        return (int) Math.min(CHUNK - at % CHUNK, end - at);
    }

    private static long up(long offset) {
        return offset > Long.MAX_VALUE - CHUNK ? Long.MAX_VALUE : (offset + CHUNK - 1) / CHUNK * CHUNK;
    }
}
