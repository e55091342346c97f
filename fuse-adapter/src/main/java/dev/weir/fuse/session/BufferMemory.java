package dev.weir.fuse.session;

import dev.weir.fuse.device.FuseMountException;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import io.netty.channel.IoEventLoop;
import io.netty.util.internal.PlatformDependent;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/**
 * The memory of the requests in flight of many sessions: the budget that they share, and the buffers of each event loop.
 *
 * <p>Each queue is guaranteed room for one request of the largest size, whatever the others do; the rest of the budget goes
 * to whoever comes first, and in turn where it is used up. Any thread.
 */
public final class BufferMemory {
    /** The least budget: room for one queue. In bytes. */
    public static final long SMALLEST = 2 << 20;

    /** The standard budget where the JVM has enough direct memory for it. */
    private static final long STANDARD = 512L << 20;

    /** How long an export that is added waits for requests of others, in seconds. */
    private static final int PATIENCE = 10;

    private final long maxBytes;
    private final IntFunction<BounceBuffer> maker;
    private final InFlightBudget budget;

    // Under the lock.
    private final Map<IoEventLoop, LoopBuffers> loops = new HashMap<>();
    private long guaranteed;

    /**
     * @param maxBytes budget in bytes, from {@link #SMALLEST} to the JVM's direct memory
     * @throws BlockException of kind {@link BlockErrorKind#INVALID} where it is out of that range
     */
    public BufferMemory(long maxBytes) {
        this(maxBytes, BounceBuffer::new);
        long available = PlatformDependent.maxDirectMemory();
        if (maxBytes < SMALLEST || maxBytes > available) {
            throw BlockException.of(
                    BlockErrorKind.INVALID,
                    "max-in-flight-total must be from " + (SMALLEST >> 20) + "M to " + (available >> 20)
                            + "M, what the JVM has of direct memory (-XX:MaxDirectMemorySize)");
        }
    }

    /** @param maker makes a buffer of a capacity in bytes; throws {@link OutOfMemoryError} where it cannot */
    BufferMemory(long maxBytes, IntFunction<BounceBuffer> maker) {
        this.maxBytes = maxBytes;
        this.maker = maker;
        this.budget = new InFlightBudget(maxBytes);
    }

    /** The budget of an engine that is given none: 512 MiB, or three quarters of the JVM's direct memory if that is less. */
    public static long standard() {
        return standard(PlatformDependent.maxDirectMemory());
    }

    static long standard(long available) {
        return Math.max(SMALLEST, Math.min(STANDARD, available / 4 * 3));
    }

    /** Most bytes of buffers that requests in flight hold. */
    public long maxBytes() {
        return maxBytes;
    }

    /** Bytes of memory that buffers occupy, lent or idle. */
    public synchronized long allocatedBytes() {
        return loops.values().stream().mapToLong(LoopBuffers::allocatedBytes).sum();
    }

    /**
     * Refuses what a queue cannot use even alone.
     *
     * @param maxBytes the budget of one queue
     * @throws FuseMountException where it is more than the JVM's direct memory
     */
    public static void requirePossible(long maxBytes) {
        long available = PlatformDependent.maxDirectMemory();
        if (maxBytes > available) {
            throw new FuseMountException("not enough memory for the buffers: max-in-flight-bytes may be at most "
                    + (available >> 20) + "M, what the JVM has of direct memory (-XX:MaxDirectMemorySize)");
        }
    }

    /** A place for the queues of one session; each of them gives back its part. */
    public final class Admission {
        final long bytesEach;
        private final AtomicInteger queues;

        private Admission(long bytesEach, int queues) {
            this.bytesEach = bytesEach;
            this.queues = new AtomicInteger(queues);
        }

        BufferMemory memory() {
            return BufferMemory.this;
        }

        /** One queue is gone, or did not come to be. */
        public void endOne() {
            if (queues.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                giveBack(bytesEach);
            }
        }

        /** No queue came to be. */
        public void end() {
            giveBack(queues.getAndSet(0) * bytesEach);
        }
    }

    /**
     * Guarantees room for queues, once requests of others leave as much. Blocks until then, for ten seconds at most.
     *
     * @param maxTransfer payload of the largest request, in bytes
     * @throws FuseMountException where all that is guaranteed would exceed the budget, or requests in flight do not end
     */
    public Admission admit(int queues, int maxTransfer) throws InterruptedException {
        long each = BounceBuffer.cost(LoopBuffers.capacityOf(maxTransfer));
        long bytes = each * queues;
        synchronized (this) {
            if (guaranteed + bytes > maxBytes) {
                throw new FuseMountException("not enough memory for the buffers: the budget of the engine, "
                        + (maxBytes >> 20) + "M, is too small for " + (guaranteed / each + queues)
                        + " queues; raise max-in-flight-total"
                        + " (and the JVM's direct memory, -XX:MaxDirectMemorySize)");
            }
            guaranteed += bytes;
        }
        var place = new Place(bytes);
        budget.await(place);
        try {
            place.taken.get(PATIENCE, TimeUnit.SECONDS);
            return new Admission(each, queues);
        } catch (TimeoutException | ExecutionException e) {
            forgo(place);
            throw new FuseMountException(
                    "not enough memory for the buffers: requests in flight hold all of the engine's budget, "
                            + (maxBytes >> 20) + "M (max-in-flight-total), and do not end",
                    e);
        } catch (InterruptedException e) {
            forgo(place);
            throw e;
        }
    }

    private void forgo(Place place) {
        if (budget.leave(place)) {
            synchronized (this) {
                guaranteed -= place.wanted;
            }
        } else {
            giveBack(place.wanted);
        }
    }

    private void giveBack(long bytes) {
        synchronized (this) {
            guaranteed -= bytes;
        }
        budget.giveBack(bytes);
    }

    /** An export that is added, in the line. */
    private static final class Place implements InFlightBudget.Waiter {
        private final long wanted;
        private final CompletableFuture<Void> taken = new CompletableFuture<>();

        Place(long wanted) {
            this.wanted = wanted;
        }

        @Override
        public long wanted() {
            return wanted;
        }

        @Override
        public void granted() {
            taken.complete(null);
        }
    }

    InFlightBudget budget() {
        return budget;
    }

    /**
     * The buffers of a loop, for one more queue, which leaves them in the end.
     *
     * @throws OutOfMemoryError where there is no memory for a buffer to receive into
     */
    synchronized LoopBuffers join(IoEventLoop loop, long maxBytes, int largest) {
        LoopBuffers buffers = loops.computeIfAbsent(loop, key -> new LoopBuffers(key, this, maker));
        try {
            buffers.join(maxBytes, largest);
        } catch (OutOfMemoryError e) {
            loops.values().removeIf(LoopBuffers::isUnused);
            throw e;
        }
        return buffers;
    }

    /** One queue less; on the loop, where it runs. */
    synchronized void leave(LoopBuffers buffers, long maxBytes) {
        if (buffers.leave(maxBytes)) {
            loops.values().remove(buffers);
        }
    }

    /** Whether all loops together have more than is ever lent at a time, and a buffer each to receive into. */
    synchronized boolean exceeds(long more, int largest) {
        return allocatedBytes() + more > maxBytes + loops.size() * BounceBuffer.cost(largest);
    }

    /** Has the other loops free what they do not use. */
    synchronized void trimOthers(LoopBuffers but) {
        for (LoopBuffers other : loops.values()) {
            if (other != but) {
                other.dropSoon();
            }
        }
    }
}
