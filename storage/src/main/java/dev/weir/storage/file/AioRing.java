package dev.weir.storage.file;

import dev.weir.posix.Errno;
import dev.weir.posix.IoUring;
import dev.weir.posix.PosixException;
import dev.weir.storage.spi.AioContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.CompletionHandler;
import java.util.ArrayDeque;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * The io_uring of an event loop, which all its file nodes share. Requests of one turn of the loop are handed to the kernel
 * together at its end. It lives as long as the loop, and ends when all that is in flight has. Confined to the loop.
 */
final class AioRing implements IoUring.Results {
    private static final Logger LOGGER = LoggerFactory.getLogger(AioRing.class);

    private static final int SQ_ENTRIES = 256;

    /** More wait their turn here. */
    private static final int IN_FLIGHT = 1024;

    /** How often a turn submits what came of what ended, before the loop looks at other events. */
    private static final int ROUNDS = 8;

    /** With fewer requests in flight, none is expected to end so soon that the loop should poll. */
    private static final int POLLED = 4;

    private static final ThreadLocal<AioRing> CURRENT = new ThreadLocal<>();

    /** Set where it was tried once, and in vain. */
    private static final ThreadLocal<Boolean> REFUSED = new ThreadLocal<>();

    private final IoUring ring;
    private final ArrayList<RingRequest> requests = new ArrayList<>();
    private final ArrayDeque<RingRequest> unused = new ArrayDeque<>();

    /** What came when there was no room, first come, first served. */
    private final ArrayDeque<RingRequest> waiting = new ArrayDeque<>();

    /** In the ring, whether or not the kernel has taken them. */
    private int inFlight;

    private Integer count = 0;

    private AioRing(IoUring ring) {
        this.ring = ring;
    }

    /** The calling thread's; null where it is no event loop, or no ring is to be had for it. */
    static @Nullable AioRing current() {
        AioRing ring = CURRENT.get();
        return ring != null ? ring : create();
    }

    private static @Nullable AioRing create() {
        AioContext loop = AioContext.current();
        if (loop == null || REFUSED.get() != null) {
            return null;
        }
        IoUring kernel = null;
        try {
            kernel = IoUring.open(SQ_ENTRIES, IN_FLIGHT);
            var ring = new AioRing(kernel);
            loop.watch(kernel.eventFd());
            loop.onTurnEnd(ring::turn);
            loop.onEnd(ring::drain);
            CURRENT.set(ring);
            return ring;
        } catch (IOException e) {
            REFUSED.set(true);
            LOGGER.warn("no io_uring for an event loop, whose requests go to other threads: {}", e.getMessage());
            if (kernel != null) {
                closeAfter(e, kernel);
            }
            return null;
        }
    }

    private static void closeAfter(IOException failure, IoUring kernel) {
        try {
            kernel.close();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /** @param fallback for what would have to block */
    void transfer(
            boolean write,
            int fd,
            ByteBuffer buffer,
            long offset,
            CompletionHandler<Integer, ByteBuffer> handler,
            FileEngine fallback) {
        add(request().transfer(write, fd, buffer, offset, handler, fallback));
    }

    void sync(int fd, FileEngine.SyncHandler handler) {
        RingRequest request = request();
        handler.serve();
        add(request.sync(fd, handler));
    }

    private RingRequest request() {
        RingRequest request = unused.pollLast();
        if (request == null) {
            request = new RingRequest(requests.size());
            requests.add(request);
        }
        return request;
    }

    private void add(RingRequest request) {
        if (waiting.isEmpty() && hasRoom()) {
            queue(request);
        } else {
            waiting.add(request);
        }
    }

    private boolean hasRoom() {
        return inFlight < ring.capacity() && ring.hasRoom();
    }

    private void queue(RingRequest request) {
        inFlight++;
        request.queue(ring);
    }

    /** Submits what the turn has brought and hears of what has ended. */
    private AioContext.Next turn() {
        if (hasWork()) {
            work();
            if (hasWork()) {
                return AioContext.Next.TURN;
            }
        }
        return inFlight > 0 && inFlight < POLLED ? AioContext.Next.SLEEP : AioContext.Next.ANYTHING;
    }

    private void work() {
        ring.mute(true);
        take();
        for (int i = 0; i < ROUNDS && (ring.queued() > 0 || ring.mustEnter()); i++) {
            int taken = enter(0);
            if (take() == 0 && taken <= 0) {
                break;
            }
        }
        ring.mute(false);
    }

    private boolean hasWork() {
        return ring.queued() > 0 || ring.mustEnter() || ring.hasResults();
    }

    /** What the kernel has no memory for stays queued. */
    private int enter(int results) {
        int taken = ring.enter(results);
        if (taken < 0 && taken != -Errno.EAGAIN && taken != -Errno.EBUSY && taken != -Errno.EINTR) {
            throw new UncheckedIOException(new PosixException(-taken, "io_uring_enter"));
        }
        return taken;
    }

    private int take() {
        int ended = ring.take(this);
        while (hasRoom() && !waiting.isEmpty()) {
            queue(waiting.remove());
        }
        return ended;
    }

    @Override
    public void ended(long userData, int result) {
        inFlight--;
        RingRequest request = requests.get((int) userData);
        if (request.mustRepeat(result)) {
            waiting.addFirst(request);
            return;
        }
        try {
            request.end(result, this);
        } catch (RuntimeException | Error e) {
            // A subscriber that throws must not keep the others from hearing.
            Operators.onErrorDropped(e, Context.empty());
        }
    }

    /** The request can be another from now on. */
    void recycle(RingRequest request) {
        unused.addLast(request);
    }

    /** Without a new object where the count is that of the request before. */
    Integer boxed(int value) {
        if (count != value) {
            count = value;
        }
        return count;
    }

    /** The loop has ended. What is in flight has not: the kernel still uses its buffers. Blocks until it has. */
    private void drain() {
        CURRENT.remove();
        try {
            while (inFlight > 0 || !waiting.isEmpty()) {
                enter(inFlight > 0 ? 1 : 0);
                take();
            }
            ring.close();
        } catch (IOException | UncheckedIOException e) {
            LOGGER.error("an io_uring does not end", e);
        }
    }
}
