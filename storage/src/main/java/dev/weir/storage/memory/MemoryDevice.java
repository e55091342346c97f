package dev.weir.storage.memory;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.Extent;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.ProtocolDevice;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.LongConsumer;
import reactor.core.publisher.Mono;

/**
 * Chunks of memory by number; a chunk that is absent reads as zero. They lie outside of the heap: when there is no more, a
 * request fails, and not the process.
 */
final class MemoryDevice extends ProtocolDevice {
    private static final int CHUNK = 64 << 10;
    private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(CHUNK);
    /** Chunks that one status request looks at. */
    private static final int STATUS_CHUNKS = 1 << 14;

    private final ConcurrentMap<Long, ByteBuffer> chunks = new ConcurrentHashMap<>();
    private volatile long length;

    MemoryDevice(long length) {
        this.length = length;
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
        return Mono.fromRunnable(() -> {
            long end = offset + src.remaining();
            for (long at = offset; at < end; ) {
                int n = inChunk(at, end);
                chunkFor(at).put((int) (at % CHUNK), src, src.position(), n);
                src.position(src.position() + n);
                at += n;
            }
        });
    }

    private ByteBuffer chunkFor(long offset) {
        ByteBuffer chunk = chunks.get(offset / CHUNK);
        if (chunk != null) {
            return chunk;
        }
        try {
            return chunks.computeIfAbsent(offset / CHUNK, number -> ByteBuffer.allocateDirect(CHUNK));
        } catch (OutOfMemoryError e) {
            throw BlockException.of(BlockErrorKind.NO_MEMORY, "No memory for a chunk of a memory device", e);
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
                chunks.remove(number);
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
        return Mono.fromRunnable(() -> {
            long old = length;
            if (newLength < old) {
                length = newLength;
                zero(newLength, up(old), true);
            } else {
                // A write that was late for an earlier shrinking must not show up again.
                zero(old, up(newLength), true);
                if (prealloc == PreallocMode.FALLOC || prealloc == PreallocMode.FULL) {
                    for (long at = old; at < newLength; at += CHUNK - at % CHUNK) {
                        chunkFor(at);
                    }
                }
                length = newLength;
            }
        });
    }

    @Override
    public Mono<Extent> blockStatus(long offset, long length) {
        return Mono.fromSupplier(() -> {
            long end = offset + length;
            boolean stored = isStored(offset);
            long at = offset + inChunk(offset, end);
            for (int i = 0; i < STATUS_CHUNKS && at < end && isStored(at) == stored; i++) {
                at += inChunk(at, end);
            }
            return stored ? Extent.data(offset, at - offset) : Extent.hole(offset, at - offset);
        });
    }

    @Override
    public Mono<Long> allocatedBytes() {
        return Mono.fromSupplier(() -> (long) chunks.size() * CHUNK);
    }

    @Override
    public Mono<Void> close() {
        return Mono.fromRunnable(chunks::clear);
    }

    private boolean isStored(long offset) {
        return chunks.containsKey(offset / CHUNK);
    }

    private static int inChunk(long at, long end) {
        return (int) Math.min(CHUNK - at % CHUNK, end - at);
    }

    private static long up(long offset) {
        return offset > Long.MAX_VALUE - CHUNK ? Long.MAX_VALUE : (offset + CHUNK - 1) / CHUNK * CHUNK;
    }
}
