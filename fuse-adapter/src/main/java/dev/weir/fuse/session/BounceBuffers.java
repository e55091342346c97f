package dev.weir.fuse.session;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The bounce buffers of one queue, in size classes of powers of two, under a budget of bytes and of requests.
 *
 * <p>Only the queue's event loop acquires; any thread releases. Buffers come back on a lock-free list that the loop takes
 * over as a whole, so nothing is allocated and nothing is locked in the steady state. Idle buffers of other sizes are
 * freed before new ones would exceed the budget: lent and idle memory together stay within it, and within one request
 * more when a single request is larger than the budget.
 */
final class BounceBuffers {
    private static final int SMALLEST = 4096;

    private final long maxBytes;
    private final int maxRequests;
    private final int largest;
    private final IntFunction<BounceBuffer> memory;

    /** Idle buffers by class; confined to the loop. */
    private final @Nullable BounceBuffer[] idle;

    /** Buffers given back and not yet sorted into {@link #idle}. */
    private final AtomicReference<@Nullable BounceBuffer> returned = new AtomicReference<>();

    private final AtomicLong lentBytes = new AtomicLong();
    private final AtomicInteger lent = new AtomicInteger();

    /** Lent and idle memory; changed by the loop only. */
    private volatile long allocatedBytes;

    /**
     * @param maxBytes budget in bytes
     * @param maxRequests most buffers lent at a time, at least 1
     * @param maxPayload payload of the largest request, in bytes
     * @param memory makes a buffer of a capacity in bytes
     */
    BounceBuffers(long maxBytes, int maxRequests, int maxPayload, IntFunction<BounceBuffer> memory) {
        this.maxBytes = maxBytes;
        this.maxRequests = maxRequests;
        this.largest = capacityOf(maxPayload);
        this.memory = memory;
        this.idle = new BounceBuffer[classOf(largest) + 1];
    }

    /** Whether a request of the largest size may be accepted now. One is always accepted when nothing is lent. */
    boolean hasRoom() {
        int count = lent.get();
        return count == 0 || (count < maxRequests && lentBytes.get() + BounceBuffer.cost(largest) <= maxBytes);
    }

    /**
     * Lends a buffer for a payload of {@code bytes}, at most the largest. Loop only; the caller asked {@link #hasRoom}.
     */
    BounceBuffer acquire(int bytes) {
        BounceBuffer buffer = take(capacityOf(bytes));
        lent.incrementAndGet();
        lentBytes.addAndGet(buffer.cost());
        return buffer;
    }

    /**
     * Makes a buffer that is not lent, such as the queue's receive buffer, a lent one, and returns a fresh one of the
     * same size in its place; where there is no memory for that, nothing changes. Loop only.
     */
    BounceBuffer exchange(BounceBuffer full) {
        BounceBuffer fresh = take(full.capacity());
        lent.incrementAndGet();
        lentBytes.addAndGet(full.cost());
        return fresh;
    }

    /** Gives back a lent buffer. Any thread; once. */
    void release(BounceBuffer buffer) {
        long cost = buffer.cost();
        BounceBuffer head;
        do {
            head = returned.get();
            buffer.next = head;
        } while (!returned.compareAndSet(head, buffer));
        lentBytes.addAndGet(-cost);
        lent.decrementAndGet();
    }

    /** A buffer of the largest size that counts as allocated but not as lent: the receive buffer. Loop or before start. */
    BounceBuffer receiveBuffer() {
        return take(largest);
    }

    /** Frees idle memory. Loop only, or after the loop has ended with this queue; nothing may be lent. */
    void close(BounceBuffer receive) {
        receive.free();
        allocatedBytes -= receive.cost();
        sortReturned();
        freeIdle(0);
    }

    long lentBytes() {
        return lentBytes.get();
    }

    int lent() {
        return lent.get();
    }

    long allocatedBytes() {
        return allocatedBytes;
    }

    private BounceBuffer take(int capacity) {
        int sizeClass = classOf(capacity);
        BounceBuffer buffer = idle[sizeClass];
        if (buffer == null) {
            sortReturned();
            buffer = idle[sizeClass];
        }
        if (buffer != null) {
            idle[sizeClass] = buffer.next;
            buffer.next = null;
            return buffer;
        }
        // The receive buffer comes on top of the budget: one request a queue.
        freeIdle(maxBytes + BounceBuffer.cost(largest) - BounceBuffer.cost(capacity));
        buffer = memory.apply(capacity);
        allocatedBytes += buffer.cost();
        return buffer;
    }

    private void sortReturned() {
        BounceBuffer buffer = returned.getAndSet(null);
        while (buffer != null) {
            BounceBuffer following = buffer.next;
            int sizeClass = classOf(buffer.capacity());
            buffer.next = idle[sizeClass];
            idle[sizeClass] = buffer;
            buffer = following;
        }
    }

    /** Frees idle buffers, the largest first, until no more than {@code keep} bytes are allocated or none is idle. */
    private void freeIdle(long keep) {
        for (int i = idle.length - 1; i >= 0; i--) {
            BounceBuffer buffer = idle[i];
            while (buffer != null && allocatedBytes > keep) {
                idle[i] = buffer.next;
                allocatedBytes -= buffer.cost();
                buffer.free();
                buffer = idle[i];
            }
        }
    }

    private static int capacityOf(int bytes) {
        return bytes <= SMALLEST ? SMALLEST : Integer.highestOneBit(bytes - 1) << 1;
    }

    private static int classOf(int capacity) {
        return Integer.numberOfTrailingZeros(capacity) - Integer.numberOfTrailingZeros(SMALLEST);
    }
}
