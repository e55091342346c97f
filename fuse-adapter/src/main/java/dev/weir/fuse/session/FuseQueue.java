package dev.weir.fuse.session;

import dev.weir.fuse.device.FuseDevice;
import dev.weir.fuse.protocol.DecodeResult;
import dev.weir.fuse.protocol.Errno;
import dev.weir.fuse.protocol.FuseOpcode;
import dev.weir.fuse.protocol.FuseOutHeader;
import dev.weir.fuse.protocol.FuseProtocol;
import dev.weir.fuse.protocol.FuseReplyEncoder;
import dev.weir.fuse.protocol.FuseRequest;
import dev.weir.fuse.protocol.FuseRequestDecoder;
import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One descriptor from which requests are fetched, tied to one event loop. Reading is confined to the loop; replies are
 * written by whichever thread ends a request.
 *
 * <p>Backpressure: a request is read only while the budget has room for the largest one; otherwise the queue stops
 * listening, and the kernel holds its clients.
 */
final class FuseQueue {
    private static final Logger LOGGER = LoggerFactory.getLogger(FuseQueue.class);

    /** Where a received message starts, so that the data of a WRITE starts at a page boundary. */
    private static final int MESSAGE_AT = BounceBuffer.HEADROOM - FuseProtocol.WRITE_DATA_AT;

    private final FuseSession session;
    private final boolean spare;

    // Known here, too: with hundreds of exports all that a request looks at is cold.
    private final boolean alone;
    private final boolean affine;

    private final FuseDevice device;
    private final QueueRegistration registration;
    private final FuseRequestDecoder decoder;
    private final BounceBuffers buffers;
    private final FuseRequest request = new FuseRequest();
    private final PendingRequests pending = new PendingRequests();
    private final ReplyBatch replies = new ReplyBatch();
    private final ResidentReads residentReads = new ResidentReads(this);

    // Confined to the loop.
    private int holds;
    private final WakeUp wakeUp = new WakeUp();

    /** Reading stopped for want of room; whoever releases a buffer resumes it. */
    private final AtomicBoolean starved = new AtomicBoolean();

    private final AtomicInteger inFlight = new AtomicInteger();

    /** Others than requests that use the descriptor. */
    private final AtomicInteger holders = new AtomicInteger();

    /** Nothing is taken on any more: the end of the last request is the end of all. */
    private volatile boolean quiescing;

    private final CompletableFuture<Void> idle = new CompletableFuture<>();
    private final AtomicBoolean disposing = new AtomicBoolean();
    private final CompletableFuture<Void> disposed = new CompletableFuture<>();

    /** @param spare whether {@link SpareQueues} decides when it listens */
    FuseQueue(
            FuseSession session,
            boolean spare,
            FuseDevice device,
            IoEventLoop loop,
            int maxWrite,
            BounceBuffers buffers) {
        this.session = session;
        this.spare = spare;
        this.alone = session.spareQueues().areNone();
        this.affine = session.options().clientAffinity();
        this.device = device;
        this.registration = new QueueRegistration(this, device, loop);
        this.decoder = new FuseRequestDecoder(maxWrite + FuseProtocol.WRITE_DATA_AT, maxWrite, maxWrite);
        this.buffers = buffers;
        buffers.onGrant(() -> registration.later(this::granted));
    }

    /** Registers with the loop and starts to read. Any thread. */
    CompletionStage<Void> start() {
        return registration.start();
    }

    FuseDevice device() {
        return device;
    }

    FuseRequestHandler handler() {
        return session.handler();
    }

    FuseStatistics statistics() {
        return session.statistics();
    }

    BounceBuffers buffers() {
        return buffers;
    }

    PendingRequests pending() {
        return pending;
    }

    ReplyBatch replies() {
        return replies;
    }

    int inFlight() {
        return inFlight.get();
    }

    /** Stops reading until {@link #resume}; nests. Any thread. */
    void pause() {
        registration.onLoop(() -> {
            holds++;
            listen();
        });
    }

    /** Ends one {@link #pause}. Any thread. */
    void resume() {
        registration.onLoop(() -> {
            holds--;
            listen();
        });
    }

    /** Takes on nothing more, for good, and completes when nothing is in flight. Any thread. */
    CompletionStage<Void> quiesce() {
        registration.onLoop(() -> {
            quiescing = true;
            listen();
            idleIfDone();
        });
        return idle;
    }

    private void idleIfDone() {
        if (quiescing && inFlight.get() == 0 && holders.get() == 0) {
            idle.complete(null);
        }
    }

    /**
     * Sends the kernel something that answers no request. The queue does not end meanwhile; one that ends already sends
     * nothing. Any thread but a loop: the kernel may take its time.
     *
     * @param address native address of the message
     */
    void tell(long address, int length) throws IOException {
        holders.incrementAndGet();
        try {
            if (!quiescing) {
                device.reply(address, length);
            }
        } finally {
            holders.decrementAndGet();
            idleIfDone();
        }
    }

    /** Has the loop do something later. Any thread. */
    void schedule(Runnable action, long millis) {
        registration.schedule(action, millis);
    }

    /** Takes the descriptor from the loop; completes when no event can come any more. Any thread. */
    CompletionStage<Void> deregister() {
        return registration.deregister();
    }

    /**
     * Gives back memory and descriptor, and completes then. Only when deregistered and idle, or never started; idempotent.
     */
    CompletionStage<Void> dispose() {
        if (disposing.compareAndSet(false, true)) {
            device.close();
            registration.onLoop(() -> {
                buffers.close();
                disposed.complete(null);
            });
        }
        return disposed;
    }

    /** Brings the interest in the descriptor in line with the state. Loop only. */
    void listen() {
        registration.listen(
                holds == 0 && !quiescing && !starved.get(),
                spare && !session.spareQueues().areOpen());
    }

    /** {@link SpareQueues} has changed its mind. Any thread. */
    void reconsider() {
        registration.onLoop(this::listen);
    }

    /** The descriptor has something to read. Loop only. */
    void receiveMany() {
        LoopTurn turn = LoopTurn.ofThisThread();
        wakeUp.begin(turn, turn.serves(!alone && session.spareQueues().isShared()));
        replies.begin();
        try {
            while (wakeUp.mayGoOn()) {
                if (!buffers.reserve() && !(replies.write() && buffers.reserve())) {
                    starve();
                    break;
                }
                if (!receiveOne()) {
                    break;
                }
                wakeUp.served();
            }
        } finally {
            replies.end(wakeUp.requests());
        }
        buffers.unreserve();
        int own = inFlight.get();
        boolean several = alone
                ? replies.together() > 1 || own > 1
                : session.spareQueues().served(wakeUp, replies.together(), own);
        var affinity = ClientAffinity.ofThisThread();
        if (affine) {
            affinity.served(
                    turn.number(),
                    device.descriptor().intValue(),
                    wakeUp.requests(),
                    several,
                    wakeUp.large() > 0,
                    own == 0,
                    request.pid());
        } else {
            affinity.servedOthers();
        }
    }

    /** What others gave back of the shared budget is this queue's now. Loop only. */
    private void granted() {
        buffers.accept(holds == 0 && !quiescing && !registration.isEnded());
        starved.set(false);
        listen();
        try {
            if (registration.isListening()) {
                receiveMany();
            } else {
                buffers.unreserve();
            }
        } catch (Throwable e) {
            broken(e);
        }
    }

    private void starve() {
        starved.set(true);
        buffers.await();
        // A buffer that came back before the flag was seen would resume nothing.
        if (buffers.hasRoom() && starved.compareAndSet(true, false)) {
            return;
        }
        session.statistics().paused();
        listen();
    }

    /** Reads one message, or why there will be none; tells whether to go on. Loop only. */
    boolean receiveOne() {
        BounceBuffer receive = buffers.receive();
        int received;
        try {
            received = device.receive(receive.address(MESSAGE_AT), receive.capacity() + FuseProtocol.WRITE_DATA_AT);
        } catch (IOException e) {
            broken(e);
            return false;
        }
        if (received <= 0) {
            if (received == FuseDevice.UNMOUNTED) {
                end(FuseSession.End.UNMOUNTED, null);
            } else if (received == FuseDevice.ABORTED) {
                end(FuseSession.End.ABORTED, null);
            }
            return false;
        }
        DecodeResult result = decoder.decode(request, receive.bytes(), MESSAGE_AT, received);
        if (result == DecodeResult.OK) {
            dispatch(receive);
        } else {
            refuse(receive, result);
        }
        return registration.isListening();
    }

    private void refuse(BounceBuffer receive, DecodeResult result) {
        if (result != DecodeResult.UNKNOWN_OPCODE) {
            session.statistics().countMalformed();
            LOGGER.warn(
                    "{}: request {} (opcode {}) is malformed: {}", this, request.unique(), request.rawOpcode(), result);
        }
        if (!result.streamTrusted()) {
            end(FuseSession.End.BROKEN, new IOException("the kernel sent a malformed request: " + result));
            return;
        }
        Errno errno = result.errno();
        if (errno != null && request.expectsReply()) {
            refuse(receive, errno);
        }
    }

    private void refuse(BounceBuffer receive, Errno errno) {
        FuseReplyEncoder.error(receive.bytes(), 0, request.unique(), errno);
        try {
            device.reply(receive.address(0), FuseOutHeader.SIZE);
        } catch (IOException e) {
            LOGGER.error("{}: an error reply was refused", this, e);
        }
    }

    private void dispatch(BounceBuffer receive) {
        FuseOpcode opcode = request.opcode();
        // FORGET and INTERRUPT: nothing is remembered, and an I/O that was issued cannot be taken back. While quiescing
        // a message can come only with the end of the connection, and nobody waits for its answer.
        if (!request.expectsReply() || quiescing) {
            return;
        }
        if (opcode == FuseOpcode.READ || opcode == FuseOpcode.WRITE) {
            wakeUp.transfers(request.transferLength(), request.pid());
        } else {
            replies.write();
        }
        if (opcode == FuseOpcode.READ && mayShow(request.transferLength()) && residentReads.answer(request)) {
            return;
        }
        PendingRequest operation;
        try {
            operation = new PendingRequest(this, opcode, request.unique());
            operation.give(buffers.acquire(request));
        } catch (OutOfMemoryError e) {
            LOGGER.warn("{}: no memory for {} {}", this, opcode, request.unique(), e);
            session.statistics().failed(opcode);
            refuse(receive, Errno.ENOMEM);
            return;
        }
        inFlight.incrementAndGet();
        pending.add(operation);
        try {
            handler().handle(request, operation).subscribe(operation);
        } catch (Throwable e) {
            operation.onError(e);
        }
    }

    /** Not where several threads of the pool copy large data, since no other loop does, and where small replies are kept. */
    private boolean mayShow(int bytes) {
        return bytes < SpareQueues.LARGE
                ? bytes >= ResidentReads.MIN_BYTES && !replies.areKept()
                : session.spareQueues().isShared() || inFlight.get() == 0 && !wakeUp.isAfterSeveralLarge();
    }

    /** The reply was written. Any thread; once a request. */
    void answered(BounceBuffer buffer) {
        try {
            buffers.release(buffer);
            if (starved.get() && buffers.hasRoom() && starved.compareAndSet(true, false)) {
                registration.onLoop(this::listen);
            }
        } finally {
            // Last: at zero the descriptor may be closed.
            if (inFlight.decrementAndGet() == 0) {
                idleIfDone();
            }
        }
    }

    /** The queue cannot go on. Loop only. */
    void broken(Throwable cause) {
        LOGGER.error("{}: the queue stops", this, cause);
        end(FuseSession.End.BROKEN, cause);
    }

    /** No request comes any more. Loop only. */
    void end(FuseSession.End end, @Nullable Throwable cause) {
        if (!registration.isEnded()) {
            registration.end();
            session.ended(end, cause);
        }
    }

    @Override
    public String toString() {
        return session.options().name();
    }
}
