package dev.weir.fuse.session;

import dev.weir.fuse.device.FuseDevice;
import dev.weir.posix.PosixException;
import dev.weir.storage.BlockBackend;
import io.netty.channel.IoEventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * The queues of one mounted file system, from the end of the handshake to the end of the connection. Every method may be
 * called on any thread and blocks on nothing.
 */
public final class FuseSession implements BlockBackend.DrainListener {
    private static final Logger LOGGER = LoggerFactory.getLogger(FuseSession.class);

    /** Why no request comes any more. */
    public enum End {
        /** The file system was unmounted and its last user is gone. */
        UNMOUNTED,
        /** The connection was aborted; the mount may still be there. */
        ABORTED,
        /** What the kernel sent cannot be trusted, or the device failed. */
        BROKEN
    }

    private final FuseSessionOptions options;
    private final BlockBackend backend;
    private final FuseRequestHandler handler;
    private final KernelNotices notices;
    private final @Nullable PassthroughFile passthrough;
    private final FuseStatistics statistics = new FuseStatistics();
    private final List<FuseQueue> queues = new ArrayList<>();
    private final SpareQueues spareQueues;
    private final CompletableFuture<End> ended = new CompletableFuture<>();

    /**
     * @param devices one descriptor a queue, all of one connection; the session closes them
     * @param loops the event loop of each
     * @param admission a place in memory for as many queues, each with the agreed transfer; the session ends it
     * @param passthrough registered with the connection, or null; the session closes it
     * @throws OutOfMemoryError where there is no memory for the buffers that queues start with
     */
    public FuseSession(
            FuseSessionOptions options,
            FuseHandshake.Agreement agreement,
            BlockBackend backend,
            List<FuseDevice> devices,
            List<IoEventLoop> loops,
            BufferMemory.Admission admission,
            @Nullable PassthroughFile passthrough) {
        NeighbourSpin.prepare();
        this.passthrough = passthrough;
        this.options = options;
        this.backend = backend;
        this.spareQueues = new SpareQueues(
                devices.size(),
                options.spareQueues(),
                this::inFlight,
                System::nanoTime,
                () -> queues.forEach(FuseQueue::reconsider));
        try {
            for (int i = 0; i < devices.size(); i++) {
                var buffers = new BounceBuffers(
                        options.maxInFlightBytes(),
                        options.maxInFlightRequests(),
                        agreement.maxTransfer(),
                        admission,
                        loops.get(i));
                queues.add(new FuseQueue(this, i > 0, devices.get(i), loops.get(i), agreement.maxTransfer(), buffers));
            }
        } catch (OutOfMemoryError e) {
            if (passthrough != null) {
                passthrough.close();
            }
            queues.forEach(FuseQueue::dispose);
            admission.end();
            throw e;
        }
        this.notices = new KernelNotices(queues.get(0));
        this.handler =
                new FuseRequestHandler(options, backend, new KernelPages(options, backend, notices), passthrough);
        backend.onDrain(this);
        backend.onResize((length, own) -> {
            if (!own) {
                handler.resizedByOther();
            }
        });
    }

    FuseSessionOptions options() {
        return options;
    }

    SpareQueues spareQueues() {
        return spareQueues;
    }

    FuseRequestHandler handler() {
        return handler;
    }

    public FuseStatistics statistics() {
        return statistics;
    }

    /** Begins to serve; completes when every queue listens. */
    public CompletionStage<Void> start() {
        return onAll(FuseQueue::start);
    }

    /** Completes when no request comes any more, for whatever reason but {@link #close}. */
    public CompletionStage<End> ended() {
        return ended;
    }

    @Override
    public void drainedBegin() {
        notices.paused();
        queues.forEach(FuseQueue::pause);
    }

    @Override
    public void drainedEnd() {
        notices.resumed();
        queues.forEach(FuseQueue::resume);
    }

    /**
     * Stops reading, for good, and completes when nothing is in flight. Clients wait meanwhile. What the kernel is being
     * told comes first, because it may wait for READs to be answered. Idempotent.
     */
    public CompletionStage<Void> quiesce() {
        backend.hurry();
        return notices.end().thenCompose(nothing -> onAll(FuseQueue::quiesce));
    }

    /**
     * Whether a message to the kernel has not been taken. Its writer holds the device open: the connection does not end
     * with {@link #abandon}, but when it is aborted.
     */
    public boolean isTelling() {
        return notices.telling();
    }

    /** Flushes what was written and not flushed. */
    public Mono<Void> flush() {
        return handler.flush();
    }

    /** Requests in flight. */
    public int inFlight() {
        int inFlight = 0;
        for (int i = 0; i < queues.size(); i++) {
            inFlight += queues.get(i).inFlight();
        }
        return inFlight;
    }

    /** Bytes of bounce buffers that requests in flight hold. */
    public long inFlightBytes() {
        return queues.stream().mapToLong(queue -> queue.buffers().lentBytes()).sum();
    }

    /** Descriptions of the requests that have no answer yet. */
    public List<String> unanswered() {
        return queues.stream()
                .flatMap(queue -> queue.pending().unanswered().stream())
                .map(PendingRequest::toString)
                .toList();
    }

    /**
     * Gives everything back; completes when the descriptors are closed. Comes after {@link #quiesce}, because requests that
     * are still in flight are waited for. Idempotent.
     */
    public CompletionStage<Void> close() {
        if (passthrough != null) {
            passthrough.close();
        }
        return onAll(this::dispose);
    }

    /**
     * Ends the connection at once, although requests are in flight, and whatever the event loops do: clients get errors.
     * Completes when no queue is registered any more. Whoever holds a buffer may still write to it, and a late reply goes
     * nowhere: buffers, and the numbers of the descriptors, stay taken until the last request of their queue has ended.
     */
    public CompletionStage<Void> abandon() {
        if (passthrough != null) {
            passthrough.abandon();
        }
        for (FuseQueue queue : queues) {
            try {
                queue.device().abandon();
            } catch (PosixException e) {
                LOGGER.error("{}: the device could not be given up", options.name(), e);
            }
            dispose(queue).whenComplete((nothing, failure) -> {
                if (failure != null) {
                    LOGGER.error("{}: an abandoned queue could not be closed", options.name(), failure);
                }
            });
        }
        return onAll(FuseQueue::deregister);
    }

    private CompletionStage<Void> dispose(FuseQueue queue) {
        return queue.deregister().thenCompose(nothing -> queue.quiesce()).thenCompose(nothing -> queue.dispose());
    }

    void ended(End end, @Nullable Throwable cause) {
        if (cause != null) {
            LOGGER.error("{}: the connection ends", options.name(), cause);
        }
        ended.complete(end);
    }

    private CompletionStage<Void> onAll(Function<FuseQueue, CompletionStage<Void>> action) {
        return CompletableFuture.allOf(queues.stream()
                .map(action)
                .map(CompletionStage::toCompletableFuture)
                .toArray(CompletableFuture<?>[]::new));
    }
}
