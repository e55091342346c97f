package dev.weir.fuse.session;

import dev.weir.posix.PosixMemory;
import io.netty.channel.IoEventLoop;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The buffers of one event loop, in size classes of powers of two, for all of its queues; one of them is the buffer that
 * they receive into, in turn.
 *
 * <p>Only the loop takes buffers; any thread gives them back, on a lock-free list that the loop takes over as a whole, so
 * nothing is allocated and nothing is locked in the steady state. Idle buffers of other sizes are freed before new ones
 * would exceed what may be lent. What stays idle for {@link #PERIOD} seconds is freed, but for {@link #RETAINED} bytes.
 */
final class LoopBuffers {
    /** Idle memory that stays, in bytes. */
    static final long RETAINED = 512 << 10;

    /** How often idle memory is looked at while there is more than that, in seconds. */
    static final int PERIOD = 2;

    private static final int SMALLEST = 4096;
    private static final int CLASSES = 20;

    /** From this capacity on, pages go back to the kernel by themselves: malloc may keep what was freed. */
    private static final int OWN_PAGES = 64 << 10;

    private final IoEventLoop loop;
    private final BufferMemory memory;
    private final IntFunction<BounceBuffer> maker;

    // Confined to the loop.
    private final @Nullable BounceBuffer[] idle = new BounceBuffer[CLASSES];
    private final int[] count = new int[CLASSES];

    /** The fewest idle buffers of a class since the last look: nobody needed these. */
    private final int[] unneeded = new int[CLASSES];

    private @Nullable BounceBuffer receive;
    private @Nullable ScheduledFuture<?> nextLook;

    /** Buffers given back and not yet sorted into {@link #idle}. */
    private final AtomicReference<@Nullable BounceBuffer> returned = new AtomicReference<>();

    /** Lent and idle memory, and the receive buffer. */
    private final AtomicLong allocated = new AtomicLong();

    // Changed under the lock of the memory.
    private int queues;
    private volatile long maxBytes;
    private volatile int largest;

    LoopBuffers(IoEventLoop loop, BufferMemory memory, IntFunction<BounceBuffer> maker) {
        this.loop = loop;
        this.memory = memory;
        this.maker = maker;
    }

    static int capacityOf(int bytes) {
        return bytes <= SMALLEST ? SMALLEST : Integer.highestOneBit(bytes - 1) << 1;
    }

    private static int classOf(int capacity) {
        return Integer.numberOfTrailingZeros(capacity) - Integer.numberOfTrailingZeros(SMALLEST);
    }

    /** Any thread, under the lock of the memory. */
    void join(long maxBytes, int largest) {
        if (largest > this.largest) {
            // The one to receive into: later there might be no memory for it.
            putBack(make(largest));
            this.largest = largest;
        }
        queues++;
        this.maxBytes = maxBytes > Long.MAX_VALUE - this.maxBytes ? Long.MAX_VALUE : this.maxBytes + maxBytes;
    }

    /** Loop, or any thread when it has ended, under the lock of the memory; whether that was the last one. */
    boolean leave(long maxBytes) {
        queues--;
        if (this.maxBytes != Long.MAX_VALUE) {
            this.maxBytes -= maxBytes;
        }
        if (queues > 0) {
            return false;
        }
        ScheduledFuture<?> look = nextLook;
        if (look != null) {
            look.cancel(false);
        }
        BounceBuffer last = receive;
        receive = null;
        if (last != null) {
            free(last);
        }
        sortReturned();
        freeIdle(0);
        return true;
    }

    boolean isUnused() {
        return queues == 0;
    }

    /** The buffer to receive into. Loop only. */
    BounceBuffer receive() {
        BounceBuffer current = receive;
        if (current == null || current.capacity() < largest) {
            BounceBuffer larger = take(largest);
            if (current != null) {
                putIdle(current);
            }
            receive = larger;
            return larger;
        }
        return current;
    }

    /** Gives the receive buffer away, and has another one in its place; without memory for that nothing changes. Loop only. */
    BounceBuffer handOn() {
        BounceBuffer full = Objects.requireNonNull(receive);
        receive = take(full.capacity());
        return full;
    }

    /** A buffer of a capacity that {@link #capacityOf} gave. Loop only. */
    BounceBuffer take(int capacity) {
        int sizeClass = classOf(capacity);
        BounceBuffer buffer = idle[sizeClass];
        if (buffer == null) {
            sortReturned();
            buffer = idle[sizeClass];
        }
        if (buffer == null) {
            return makeWithin(capacity);
        }
        idle[sizeClass] = buffer.next;
        buffer.next = null;
        int left = --count[sizeClass];
        if (left < unneeded[sizeClass]) {
            unneeded[sizeClass] = left;
        }
        return buffer;
    }

    /** Any thread; once a buffer that was taken. */
    void putBack(BounceBuffer buffer) {
        BounceBuffer head;
        do {
            head = returned.get();
            buffer.next = head;
        } while (!returned.compareAndSet(head, buffer));
    }

    long allocatedBytes() {
        return allocated.get();
    }

    private BounceBuffer makeWithin(int capacity) {
        long cost = BounceBuffer.cost(capacity);
        // The receive buffer comes on top of the budgets.
        long most = maxBytes;
        long receiving = BounceBuffer.cost(largest);
        freeIdle(most > Long.MAX_VALUE - receiving ? most : most + receiving - cost);
        if (memory.exceeds(cost, largest)) {
            freeIdle(0);
            if (memory.exceeds(cost, largest)) {
                memory.trimOthers(this);
            }
        }
        BounceBuffer buffer = make(capacity);
        watch();
        return buffer;
    }

    private BounceBuffer make(int capacity) {
        BounceBuffer buffer = maker.apply(capacity);
        allocated.addAndGet(buffer.cost());
        return buffer;
    }

    private void free(BounceBuffer buffer) {
        if (buffer.capacity() >= OWN_PAGES) {
            PosixMemory.dontNeed(buffer.address(BounceBuffer.HEADROOM), buffer.capacity());
        }
        allocated.addAndGet(-buffer.cost());
        buffer.free();
    }

    private void sortReturned() {
        BounceBuffer buffer = returned.getAndSet(null);
        while (buffer != null) {
            BounceBuffer following = buffer.next;
            putIdle(buffer);
            buffer = following;
        }
    }

    private void putIdle(BounceBuffer buffer) {
        int sizeClass = classOf(buffer.capacity());
        buffer.next = idle[sizeClass];
        idle[sizeClass] = buffer;
        count[sizeClass]++;
    }

    /** Frees idle buffers, the largest first, until no more than {@code keep} bytes are allocated or none is idle. */
    private void freeIdle(long keep) {
        for (int i = CLASSES - 1; i >= 0; i--) {
            freeIdle(i, Integer.MAX_VALUE, keep);
        }
    }

    private void freeIdle(int sizeClass, int most, long keep) {
        BounceBuffer buffer = idle[sizeClass];
        for (int i = 0; i < most && buffer != null && allocated.get() > keep; i++) {
            idle[sizeClass] = buffer.next;
            count[sizeClass]--;
            free(buffer);
            buffer = idle[sizeClass];
        }
        unneeded[sizeClass] = Math.min(unneeded[sizeClass], count[sizeClass]);
    }

    private boolean hasSurplus() {
        return allocated.get() > RETAINED + BounceBuffer.cost(largest);
    }

    /** Looks again in a while, as long as there is something to free then. */
    private void watch() {
        if (nextLook == null && hasSurplus()) {
            try {
                nextLook = loop.schedule(this::trim, PERIOD, TimeUnit.SECONDS);
            } catch (RejectedExecutionException e) {
                // The loop ends, and its queues with it.
                return;
            }
        }
    }

    private void trim() {
        nextLook = null;
        sortReturned();
        for (int i = CLASSES - 1; i >= 0; i--) {
            freeIdle(i, unneeded[i], RETAINED + BounceBuffer.cost(largest));
            unneeded[i] = count[i];
        }
        watch();
    }

    /** Frees what is idle as soon as the loop gets to it. Any thread. */
    void dropSoon() {
        try {
            loop.execute(() -> {
                sortReturned();
                if (queues > 0 && receive == null) {
                    // Set aside when the first queue came.
                    receive();
                }
                freeIdle(0);
            });
        } catch (RejectedExecutionException e) {
            // The loop ends, and its queues with it.
            return;
        }
    }
}
