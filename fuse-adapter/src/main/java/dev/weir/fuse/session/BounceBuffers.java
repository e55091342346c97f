package dev.weir.fuse.session;

import dev.weir.fuse.protocol.FuseOpcode;
import dev.weir.fuse.protocol.FuseRequest;
import io.netty.channel.IoEventLoop;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What one queue lends to its requests, under its own budget of bytes and of requests and the one that all queues share.
 * The memory is that of its event loop.
 *
 * <p>Before a message is read, room for the largest request is reserved; its buffer takes what it needs of that. So much
 * is guaranteed to the queue; what it holds beyond comes out of the shared budget. Only the queue's event loop reserves
 * and acquires; any thread releases.
 */
final class BounceBuffers implements InFlightBudget.Waiter {
    /** Payload above which the receive buffer is handed on instead of copying out of it. */
    private static final int COPIED_BYTES = 64 * 1024;

    /** Payload up to which that is not done even where there is plenty of room. */
    private static final int ALWAYS_COPIED_BYTES = 16 * 1024;

    private final long maxBytes;
    private final int maxRequests;
    private final int largest;
    private final long worstCase;
    private final BufferMemory.Admission admission;
    private final InFlightBudget budget;
    private final LoopBuffers memory;

    /** Run on any thread when {@link #accept} is to be called on the loop. */
    private Runnable onGrant = () -> {};

    /** Bytes lent, and the worst case while it is reserved. */
    private final AtomicLong used = new AtomicLong();

    private final AtomicInteger lent = new AtomicInteger();

    /** In the line for the shared budget, or served and not yet told. */
    private volatile boolean waiting;

    // Confined to the loop.
    private boolean reserved;

    /**
     * @param maxBytes budget in bytes
     * @param maxRequests most buffers lent at a time, at least 1
     * @param maxPayload payload of the largest request, in bytes
     * @param admission what is guaranteed to the queue
     * @throws OutOfMemoryError where there is no memory for a buffer to receive into
     */
    BounceBuffers(long maxBytes, int maxRequests, int maxPayload, BufferMemory.Admission admission, IoEventLoop loop) {
        this.maxBytes = maxBytes;
        this.maxRequests = maxRequests;
        this.largest = LoopBuffers.capacityOf(maxPayload);
        this.worstCase = BounceBuffer.cost(largest);
        this.admission = admission;
        this.budget = admission.memory().budget();
        this.memory = admission.memory().join(loop, maxBytes, largest);
    }

    /** Before anything is reserved. */
    void onGrant(Runnable action) {
        onGrant = action;
    }

    /** Of so many bytes used, those that come out of the shared budget. */
    private long shared(long bytes) {
        return Math.max(0, bytes - admission.bytesEach);
    }

    /** Whether the queue's own budget has room for the largest request; one is always accepted when nothing is lent. */
    private boolean hasOwnRoom() {
        int count = lent.get();
        return count == 0 || (count < maxRequests && used.get() + worstCase <= maxBytes);
    }

    /** Whether {@link #reserve} is worth trying: while it waits for others, only with what is guaranteed. Any thread. */
    boolean hasRoom() {
        return hasOwnRoom() && (!waiting || shared(used.get() + worstCase) == 0);
    }

    /** Makes sure that a request of the largest size may be read; false where there is no room now. Loop only. */
    boolean reserve() {
        if (reserved) {
            return true;
        }
        if (!hasOwnRoom()) {
            return false;
        }
        long before = used.get();
        long needed = shared(before + worstCase) - shared(before);
        if (needed > 0 && (waiting || !budget.tryTake(needed))) {
            return false;
        }
        if (waiting && budget.leave(this)) {
            // What is guaranteed is enough again. Who waits for more than there will ever be would hold up the line.
            waiting = false;
        }
        reserveWith(needed);
        return true;
    }

    /** @param taken bytes of the shared budget: what is needed, or more, because requests may have ended since */
    private void reserveWith(long taken) {
        long before = used.getAndAdd(worstCase);
        reserved = true;
        budget.giveBack(taken - (shared(before + worstCase) - shared(before)));
    }

    /** Ends {@link #reserve} where nothing was read. Loop only. */
    void unreserve() {
        if (reserved) {
            reserved = false;
            giveBack(worstCase);
        }
    }

    private void giveBack(long bytes) {
        long after = used.addAndGet(-bytes);
        budget.giveBack(shared(after + bytes) - shared(after));
    }

    /** Waits for the shared budget, where it is that which lacks. Loop only, when {@link #reserve} was in vain. */
    void await() {
        if (waiting || !hasOwnRoom()) {
            return;
        }
        long before = used.get();
        if (shared(before + worstCase) > shared(before)) {
            waiting = true;
            budget.await(this);
        }
    }

    /** The most that it can come to. */
    @Override
    public long wanted() {
        return worstCase;
    }

    @Override
    public void granted() {
        onGrant.run();
    }

    /** Takes what was waited for; whether that is a reservation now. Loop only, once after each run of the action. */
    boolean accept(boolean wantsIt) {
        waiting = false;
        if (wantsIt && !reserved && hasOwnRoom()) {
            reserveWith(worstCase);
            return true;
        }
        budget.giveBack(worstCase);
        return reserved;
    }

    /** The buffer that the loop receives into. Loop only. */
    BounceBuffer receive() {
        return memory.receive();
    }

    /**
     * Lends a buffer for a request's data and its reply; that of a WRITE has the data in it. Without memory nothing changes.
     * Loop only, before the next message is received.
     */
    BounceBuffer acquire(FuseRequest request) {
        boolean write = request.opcode() == FuseOpcode.WRITE;
        int size = write || request.opcode() == FuseOpcode.READ ? request.transferLength() : 0;
        if (write && mayHandOn(size)) {
            return handOn();
        }
        BounceBuffer buffer = acquire(size);
        if (write) {
            buffer.bytes().put(BounceBuffer.HEADROOM, request.payload(), request.payloadAt(), size);
        }
        return buffer;
    }

    /** Lends a buffer for a payload of {@code bytes}, at most the largest; without memory nothing changes. Loop only. */
    BounceBuffer acquire(int bytes) {
        BounceBuffer buffer = memory.take(LoopBuffers.capacityOf(bytes));
        lend(buffer);
        return buffer;
    }

    /**
     * Whether the receive buffer may be lent for a payload of so many bytes, which takes the room of the largest one: not
     * where the loop has larger buffers than this queue is to have, and where the payload is small only while there is
     * plenty of room. Loop only.
     */
    boolean mayHandOn(int bytes) {
        return memory.receive().capacity() == largest
                && (bytes > COPIED_BYTES || bytes > ALWAYS_COPIED_BYTES && used.get() <= maxBytes / 4 && !waiting);
    }

    /** Lends the receive buffer, with what is in it; without memory for another one nothing changes. Loop only. */
    BounceBuffer handOn() {
        BounceBuffer full = memory.handOn();
        lend(full);
        return full;
    }

    private void lend(BounceBuffer buffer) {
        if (!reserved) {
            // A message that nobody asked for, with the end of the connection.
            long before = used.get();
            long needed = shared(before + worstCase) - shared(before);
            budget.force(needed);
            reserveWith(needed);
        }
        reserved = false;
        lent.incrementAndGet();
        giveBack(worstCase - buffer.cost());
    }

    /** Gives back a lent buffer. Any thread; once. */
    void release(BounceBuffer buffer) {
        long cost = buffer.cost();
        memory.putBack(buffer);
        giveBack(cost);
        lent.decrementAndGet();
    }

    /** Leaves memory and budget. Loop only, or any thread when it has ended; nothing may be lent. */
    void close() {
        unreserve();
        if (waiting && budget.leave(this)) {
            waiting = false;
        }
        admission.memory().leave(memory, maxBytes);
        admission.endOne();
    }

    long lentBytes() {
        return used.get();
    }

    int lent() {
        return lent.get();
    }
}
