package dev.weir.fuse.session;

import dev.weir.fuse.device.FuseDevice;
import dev.weir.fuse.device.FuseTransport;
import dev.weir.fuse.protocol.DecodeResult;
import dev.weir.fuse.protocol.Errno;
import dev.weir.fuse.protocol.FuseOpcode;
import dev.weir.fuse.protocol.FuseOutHeader;
import dev.weir.fuse.protocol.FuseProtocol;
import dev.weir.fuse.protocol.FuseReadIn;
import dev.weir.fuse.protocol.FuseReplyEncoder;
import dev.weir.fuse.protocol.FuseRequest;
import dev.weir.fuse.protocol.FuseRequestDecoder;
import dev.weir.posix.PosixException;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
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
final class FuseQueue implements EpollIoHandle {
    private static final Logger LOGGER = LoggerFactory.getLogger(FuseQueue.class);

    /** Requests that one wake-up serves before the loop gets to its other handles. */
    private static final int REQUESTS_PER_WAKEUP = 64;

    /** Where a received message starts, so that the data of a WRITE starts at a page boundary. */
    private static final int MESSAGE_AT = BounceBuffer.HEADROOM - FuseProtocol.WRITE_DATA_AT;

    /** Payload above which the receive buffer is handed on instead of copying out of it. */
    private static final int COPY_LIMIT = 64 * 1024;

    /**
     * What is reported whatever one asks for. Not {@link EpollIoOps#NONE}: for that Netty takes the descriptor out of epoll
     * and does not know it any more afterwards, so that the queue would be deaf for ever.
     */
    private static final EpollIoOps DEAF = EpollIoOps.EPOLLERR;

    private final FuseSession session;
    private final FuseDevice device;
    private final IoEventLoop loop;
    private final FuseRequestDecoder decoder;
    private final FuseRequestHandler handler;
    private final BounceBuffers buffers;
    private final FuseRequest request = new FuseRequest();
    private final PendingRequests pending;

    // Confined to the loop.
    private BounceBuffer receive;
    private @Nullable IoRegistration registration;
    private int holds;
    private boolean listening;
    private boolean ended;

    /** Reading stopped for want of room; whoever releases a buffer resumes it. */
    private final AtomicBoolean starved = new AtomicBoolean();

    private final AtomicInteger inFlight = new AtomicInteger();
    private volatile @Nullable CompletableFuture<Void> idle;
    private final CompletableFuture<Void> unregistered = new CompletableFuture<>();

    FuseQueue(FuseSession session, FuseDevice device, IoEventLoop loop, int maxWrite) {
        FuseSessionOptions options = session.options();
        this.session = session;
        this.device = device;
        this.loop = loop;
        this.handler = session.handler();
        this.decoder = new FuseRequestDecoder(maxWrite + FuseProtocol.WRITE_DATA_AT, maxWrite, maxWrite);
        this.buffers = new BounceBuffers(options.maxInFlightBytes(), options.maxInFlightRequests(), maxWrite);
        this.pending = new PendingRequests(options.maxInFlightRequests());
        this.receive = buffers.receiveBuffer();
    }

    /** Registers with the loop and starts to read. */
    CompletionStage<Void> start() {
        var started = new CompletableFuture<Void>();
        loop.register(this).addListener(future -> {
            if (future.isSuccess()) {
                registration = (IoRegistration) future.getNow();
                listen();
                started.complete(null);
            } else {
                unregistered.complete(null);
                started.completeExceptionally(future.cause());
            }
        });
        return started;
    }

    FuseTransport transport() {
        return device;
    }

    FuseRequestHandler handler() {
        return handler;
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

    int inFlight() {
        return inFlight.get();
    }

    @Override
    public FileDescriptor fd() {
        return device.descriptor();
    }

    @Override
    public void handle(IoRegistration registration, IoEvent event) {
        assert loop.inEventLoop();
        try {
            boolean readable = ((EpollIoEvent) event).ops().contains(EpollIoOps.EPOLLIN);
            if (listening && readable) {
                receiveMany();
            } else if (!readable && !ended) {
                // An error or hang-up is reported whether or not the queue listens: reading tells why, and ends what
                // would spin otherwise. An event that was fetched before the queue stopped listening is not for it.
                receiveOne();
            }
        } catch (Throwable e) {
            // Netty would log it and put the loop to sleep for a second.
            broken(e);
        }
    }

    @Override
    public void unregistered() {
        unregistered.complete(null);
    }

    /** The loop shuts down below the session. */
    @Override
    public void close() {
        end(FuseSession.End.BROKEN, new IOException("the event loop was shut down"));
    }

    /** Stops reading until {@link #resume}; nests. Any thread. */
    void pause() {
        onLoop(() -> {
            holds++;
            listen();
        });
    }

    /** Ends one {@link #pause}. Any thread. */
    void resume() {
        onLoop(() -> {
            holds--;
            listen();
        });
    }

    /** Completes when nothing is in flight; the queue was paused before. Any thread. */
    CompletionStage<Void> whenIdle() {
        var future = new CompletableFuture<Void>();
        onLoop(() -> {
            idle = future;
            if (inFlight.get() == 0) {
                future.complete(null);
            }
        });
        return future;
    }

    /** Takes the descriptor from the loop; completes when no event can come any more. Any thread. */
    CompletionStage<Void> deregister() {
        onLoop(() -> {
            ended = true;
            cancel();
        });
        return unregistered;
    }

    /** Gives back memory and descriptor. Only when deregistered and idle. */
    void dispose() {
        device.close();
        buffers.close(receive);
    }

    /**
     * Ends the connection although requests are in flight; memory and descriptor go back when the last of them has ended
     * and the loop has let go. Only after {@link #whenIdle} and {@link #deregister}, completed or not.
     */
    void abandon() throws PosixException {
        CompletableFuture<Void> waiter = idle;
        device.abandon();
        if (waiter != null) {
            CompletionStage<Void> end = waiter.thenCombine(unregistered, (idle, gone) -> null);
            end.thenRun(this::dispose);
        }
    }

    private void onLoop(Runnable action) {
        if (loop.inEventLoop()) {
            action.run();
        } else {
            loop.execute(action);
        }
    }

    private void cancel() {
        IoRegistration current = registration;
        if (current == null) {
            unregistered.complete(null);
        } else {
            current.cancel();
        }
    }

    /** Brings the interest in the descriptor in line with the state. */
    private void listen() {
        assert loop.inEventLoop();
        boolean wanted = holds == 0 && !starved.get() && !ended;
        IoRegistration current = registration;
        if (current != null && wanted != listening && current.isValid()) {
            listening = wanted;
            current.submit(wanted ? EpollIoOps.EPOLLIN : DEAF);
        }
    }

    private void receiveMany() {
        for (int i = 0; i < REQUESTS_PER_WAKEUP; i++) {
            if (!buffers.hasRoom()) {
                starve();
                return;
            }
            if (!receiveOne()) {
                return;
            }
        }
    }

    private void starve() {
        session.statistics().paused();
        starved.set(true);
        // A buffer that came back before the flag was seen would resume nothing.
        if (buffers.hasRoom() && starved.compareAndSet(true, false)) {
            return;
        }
        listen();
    }

    private boolean receiveOne() {
        int received;
        try {
            received = device.receive(receive.address(MESSAGE_AT), receive.capacity() + FuseProtocol.WRITE_DATA_AT);
        } catch (IOException e) {
            broken(e);
            return false;
        }
        if (received <= 0) {
            if (received == FuseTransport.UNMOUNTED) {
                end(FuseSession.End.UNMOUNTED, null);
            } else if (received == FuseTransport.ABORTED) {
                end(FuseSession.End.ABORTED, null);
            }
            return false;
        }
        DecodeResult result = decoder.decode(request, receive.bytes(), MESSAGE_AT, received);
        if (result == DecodeResult.OK) {
            dispatch();
        } else {
            refuse(result);
        }
        return !ended;
    }

    private void refuse(DecodeResult result) {
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
        if (errno == null || !request.expectsReply()) {
            return;
        }
        FuseReplyEncoder.error(receive.bytes(), 0, request.unique(), errno);
        try {
            device.reply(receive.address(0), FuseOutHeader.SIZE);
        } catch (IOException e) {
            LOGGER.error("{}: an error reply was refused", this, e);
        }
    }

    private void dispatch() {
        FuseOpcode opcode = request.opcode();
        // FORGET and INTERRUPT: nothing is remembered, and an I/O that was issued cannot be taken back.
        if (!request.expectsReply()) {
            return;
        }
        inFlight.incrementAndGet();
        var operation = new PendingRequest(this, opcode, request.unique(), bufferFor(opcode));
        pending.add(operation);
        try {
            handler.handle(request, operation).subscribe(operation);
        } catch (Throwable e) {
            operation.onError(e);
        }
    }

    private BounceBuffer bufferFor(FuseOpcode opcode) {
        if (opcode == FuseOpcode.READ) {
            return buffers.acquire(FuseReadIn.size(request.body(), request.bodyAt()));
        }
        int size = opcode == FuseOpcode.WRITE ? request.payloadLength() : 0;
        if (size > COPY_LIMIT) {
            BounceBuffer full = receive;
            receive = buffers.exchange(full);
            return full;
        }
        BounceBuffer buffer = buffers.acquire(size);
        if (size > 0) {
            buffer.bytes().put(BounceBuffer.HEADROOM, request.payload(), request.payloadAt(), size);
        }
        return buffer;
    }

    /** A request is about to be answered with success. Any thread. */
    void completing(FuseOpcode opcode) {
        if (opcode == FuseOpcode.WRITE || opcode == FuseOpcode.FALLOCATE) {
            handler.dataChanged();
        }
    }

    /** The reply was written. Any thread; once a request. */
    void answered(BounceBuffer buffer) {
        buffers.release(buffer);
        if (starved.get() && buffers.hasRoom() && starved.compareAndSet(true, false)) {
            listenAgain();
        }
        // Last: at zero the descriptor may be closed.
        if (inFlight.decrementAndGet() == 0) {
            CompletableFuture<Void> waiter = idle;
            if (waiter != null) {
                waiter.complete(null);
            }
        }
    }

    private void listenAgain() {
        try {
            loop.execute(this::listen);
        } catch (RejectedExecutionException e) {
            LOGGER.debug("{}: a request ended after its event loop", this);
        }
    }

    private void broken(Throwable cause) {
        LOGGER.error("{}: the queue stops", this, cause);
        end(FuseSession.End.BROKEN, cause);
    }

    private void end(FuseSession.End end, @Nullable Throwable cause) {
        if (!ended) {
            ended = true;
            listening = false;
            cancel();
            session.ended(end, cause);
        }
    }

    @Override
    public String toString() {
        return session.options().name();
    }
}
