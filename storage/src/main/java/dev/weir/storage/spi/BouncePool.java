package dev.weir.storage.spi;

import java.nio.ByteBuffer;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Aligned direct buffers for requests that have to be copied. Any thread. */
public final class BouncePool {
    /** Up to here an unaligned write is one read and one write. */
    public static final int SMALL = 64 << 10;

    /** The largest that are kept. */
    public static final int LARGE = 1 << 20;

    /** The alignment of every buffer, at least. */
    public static final int PAGE = 4096;

    private static final int KEPT = 8;

    private final Queue<ByteBuffer> small = new ConcurrentLinkedQueue<>();
    private final Queue<ByteBuffer> large = new ConcurrentLinkedQueue<>();
    private final AtomicInteger keptSmall = new AtomicInteger();
    private final AtomicInteger keptLarge = new AtomicInteger();
    private final AtomicInteger lent = new AtomicInteger();

    /** A buffer of at least {@code size} bytes whose address is a multiple of {@code alignment}. */
    public ByteBuffer take(int size, int alignment) {
        ByteBuffer buffer = null;
        int capacity = size;
        if (alignment <= PAGE && size <= LARGE) {
            boolean fitsSmall = size <= SMALL;
            capacity = fitsSmall ? SMALL : LARGE;
            buffer = (fitsSmall ? small : large).poll();
            if (buffer != null) {
                (fitsSmall ? keptSmall : keptLarge).decrementAndGet();
            }
        }
        if (buffer == null) {
            buffer = allocate(capacity, Math.max(alignment, PAGE));
        }
        lent.incrementAndGet();
        return buffer;
    }

    /** Only when the device has let go of it: on completion or error, never on cancellation. */
    public void give(ByteBuffer buffer) {
        lent.decrementAndGet();
        if (buffer.capacity() == SMALL) {
            keep(small, keptSmall, buffer);
        } else if (buffer.capacity() == LARGE) {
            keep(large, keptLarge, buffer);
        }
    }

    /** Buffers that were taken and not given back. */
    public int lent() {
        return lent.get();
    }

    /** A buffer that does not belong to any pool. */
    public static ByteBuffer allocate(int size, int alignment) {
        int rounded = Math.toIntExact(((long) size + alignment - 1) & -alignment);
        ByteBuffer buffer =
                ByteBuffer.allocateDirect(Math.addExact(rounded, alignment - 1)).alignedSlice(alignment);
        return buffer.slice(0, rounded);
    }

    private static void keep(Queue<ByteBuffer> queue, AtomicInteger kept, ByteBuffer buffer) {
        if (kept.incrementAndGet() > KEPT) {
            kept.decrementAndGet();
        } else {
            queue.add(buffer);
        }
    }
}
