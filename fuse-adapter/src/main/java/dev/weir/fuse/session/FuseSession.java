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
    private final FuseRequestHandler handler;
    private final FuseStatistics statistics = new FuseStatistics();
    private final List<FuseQueue> queues = new ArrayList<>();
    private final CompletableFuture<End> ended = new CompletableFuture<>();

    /**
     * @param devices one descriptor a queue, all of one connection; the session closes them
     * @param loops the event loop of each
     */
    public FuseSession(
            FuseSessionOptions options,
            FuseHandshake.Agreement agreement,
            BlockBackend backend,
            List<FuseDevice> devices,
            List<IoEventLoop> loops) {
        this.options = options;
        this.handler = new FuseRequestHandler(options, backend);
        for (int i = 0; i < devices.size(); i++) {
            queues.add(new FuseQueue(this, devices.get(i), loops.get(i), agreement.maxTransfer()));
        }
        backend.onDrain(this);
    }

    FuseSessionOptions options() {
        return options;
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
        queues.forEach(FuseQueue::pause);
    }

    @Override
    public void drainedEnd() {
        queues.forEach(FuseQueue::resume);
    }

    /** Stops reading, for good, and completes when nothing is in flight. Clients wait meanwhile. */
    public CompletionStage<Void> quiesce() {
        return onAll(queue -> {
            queue.pause();
            return queue.whenIdle();
        });
    }

    /** Flushes what was written and not flushed. */
    public Mono<Void> flush() {
        return handler.flush();
    }

    /** Requests in flight. */
    public int inFlight() {
        return queues.stream().mapToInt(FuseQueue::inFlight).sum();
    }

    /** Bytes of bounce buffers that requests in flight hold. */
    public long inFlightBytes() {
        return queues.stream().mapToLong(queue -> queue.buffers().lentBytes()).sum();
    }

    /** Bytes of memory that bounce buffers occupy, in use or not. */
    public long bufferBytes() {
        return queues.stream()
                .mapToLong(queue -> queue.buffers().allocatedBytes())
                .sum();
    }

    /** Descriptions of the requests that have no answer yet. */
    public List<String> unanswered() {
        return queues.stream()
                .flatMap(queue -> queue.pending().unanswered().stream())
                .map(PendingRequest::toString)
                .toList();
    }

    /** Takes the queues from their loops; completes when nothing is read any more. */
    public CompletionStage<Void> deregister() {
        return onAll(FuseQueue::deregister);
    }

    /** Gives back memory and descriptors. Only when {@link #quiesce} and {@link #deregister} have completed. */
    public void dispose() {
        queues.forEach(FuseQueue::dispose);
    }

    /**
     * Ends the connection although requests are in flight: their clients get errors at once. Buffers, and the numbers of
     * the descriptors, stay taken until the requests have ended, because whoever holds a buffer may still write to it.
     * Only after {@link #deregister}, which need not have completed when a loop is stuck.
     */
    public void abandon() {
        for (FuseQueue queue : queues) {
            try {
                queue.abandon();
            } catch (PosixException e) {
                LOGGER.error("{}: the device could not be given up", options.name(), e);
            }
        }
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
