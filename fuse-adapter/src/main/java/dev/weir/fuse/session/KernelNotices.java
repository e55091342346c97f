package dev.weir.fuse.session;

import dev.weir.fuse.protocol.FuseProtocol;
import dev.weir.fuse.protocol.FuseReplyEncoder;
import dev.weir.posix.PosixScheduling;
import io.netty.channel.unix.Buffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Tells the kernel what it keeps and must not believe any more: attributes such as the size, and pages. Any thread.
 *
 * <p>The kernel takes a message about pages only when it has locked each of them, so that it waits for the READs that are
 * to fill them. So a thread of the session's own writes the messages, which ends when it has nothing to do; and who waits
 * until the kernel has taken one is let go when READs are not served, or take too long.
 */
final class KernelNotices {
    private static final Logger LOGGER = LoggerFactory.getLogger(KernelNotices.class);

    /** How long others wait for READs of this session. */
    private static final long PATIENCE_MILLIS = 1000;

    /** What is told together. */
    private static final class Batch {
        final StaleRanges pages = new StaleRanges();
        /** Another one once those who wait were let go: who comes then waits for the kernel all the same. */
        Sinks.Empty<Void> told = Sinks.empty();

        final long sinceNanos = System.nanoTime();
        boolean attributes;

        @Nullable
        Runnable afterwards;
    }

    private final FuseQueue queue;
    private final Executor teller = teller();

    /** The thread's. */
    private final ByteBuffer message = ByteBuffer.allocateDirect(64).order(ByteOrder.nativeOrder());

    // All under the lock.
    private @Nullable Batch next;
    private @Nullable Batch current;
    private boolean running;
    private boolean watched;
    private int pauses;
    private boolean late;
    private boolean ended;
    private final CompletableFuture<Void> quiet = new CompletableFuture<>();

    KernelNotices(FuseQueue queue) {
        this.queue = queue;
    }

    private static Executor teller() {
        var threads = new ThreadPoolExecutor(1, 1, 1, TimeUnit.SECONDS, new LinkedTransferQueue<>(), task -> {
            var thread = new Thread(
                    () -> {
                        PosixScheduling.batchLikeProcess();
                        task.run();
                    },
                    "weir-notify");
            thread.setDaemon(true);
            return thread;
        });
        threads.allowCoreThreadTimeOut(true);
        return threads;
    }

    /**
     * Has the kernel told soon that attributes are stale: the next {@code stat} asks again. A file that is open for
     * appending is not looked at again by that; the kernel takes the end that it knows.
     */
    synchronized void attributes() {
        if (!ended) {
            batch().attributes = true;
            run();
        }
    }

    /**
     * Has the kernel drop the pages from {@code offset} to {@code end}, and attributes.
     *
     * @return ends when it has, or is not to be waited for
     */
    synchronized Mono<Void> pages(long offset, long end) {
        if (ended) {
            return Mono.empty();
        }
        Batch batch = batch();
        batch.pages.add(offset, end);
        run();
        if (pauses > 0 || late || next != batch) {
            return Mono.empty();
        }
        watch();
        return batch.told.asMono();
    }

    /**
     * As {@link #pages}, for all of them.
     *
     * @param afterwards called when the kernel has dropped them, on a thread that may wait; unless it is asked for again
     *     before that
     */
    synchronized Mono<Void> allPages(Runnable afterwards) {
        if (!ended) {
            batch().afterwards = afterwards;
        }
        return pages(0, Long.MAX_VALUE);
    }

    private Batch batch() {
        Batch batch = next;
        if (batch == null) {
            batch = new Batch();
            next = batch;
        }
        return batch;
    }

    private void run() {
        if (running) {
            return;
        }
        running = true;
        try {
            teller.execute(this::tellAll);
        } catch (RuntimeException | Error e) {
            // No thread to be had. Nobody must wait for it; the next change tries again.
            LOGGER.warn("{}: the kernel was not told of a change", queue, e);
            running = false;
            Batch lost = next;
            next = null;
            told(lost);
        }
    }

    /** READs are not served until {@link #resumed}; nests. */
    void paused() {
        synchronized (this) {
            pauses++;
        }
        letGo();
    }

    synchronized void resumed() {
        pauses--;
    }

    /** Tells nothing more; completes when the kernel has taken what it is being told. READs must be served until then. */
    CompletionStage<Void> end() {
        // Before the batch that has not begun is forgotten, with those who wait for it.
        letGo();
        Batch dropped;
        synchronized (this) {
            ended = true;
            dropped = next;
            next = null;
            if (!running) {
                quiet.complete(null);
            }
        }
        told(dropped);
        return quiet;
    }

    /** Whether the kernel is being told something, which it may not take before READs are answered. */
    synchronized boolean telling() {
        return running;
    }

    private void letGo() {
        Sinks.Empty<Void> first;
        Sinks.Empty<Void> second;
        synchronized (this) {
            first = waitersOf(current);
            second = waitersOf(next);
        }
        first.tryEmitEmpty();
        second.tryEmitEmpty();
    }

    /** Those of now; under the lock. */
    private static Sinks.Empty<Void> waitersOf(@Nullable Batch batch) {
        Sinks.Empty<Void> waiters = Sinks.empty();
        if (batch != null) {
            Sinks.Empty<Void> before = batch.told;
            batch.told = waiters;
            return before;
        }
        return waiters;
    }

    private void told(@Nullable Batch batch) {
        Sinks.Empty<Void> waiters;
        synchronized (this) {
            waiters = waitersOf(batch);
        }
        waiters.tryEmitEmpty();
    }

    private void tellAll() {
        for (Batch batch = begin(null); batch != null; batch = begin(batch)) {
            try {
                tell(batch);
            } catch (IOException | RuntimeException | Error e) {
                LOGGER.warn("{}: the kernel was not told of a change", queue, e);
            }
        }
    }

    private @Nullable Batch begin(@Nullable Batch before) {
        Batch batch;
        synchronized (this) {
            batch = next;
            next = null;
            current = batch;
            late = late && batch != null;
            running = batch != null;
            if (ended && !running) {
                quiet.complete(null);
            }
        }
        told(before);
        return batch;
    }

    private void tell(Batch batch) throws IOException {
        for (int i = 0; i < batch.pages.count(); i++) {
            tell(batch.pages.from(i), batch.pages.length(i));
        }
        if (batch.attributes && batch.pages.count() == 0) {
            tell(-1, 0);
        }
        if (batch.afterwards != null) {
            batch.afterwards.run();
        }
    }

    private void tell(long offset, long length) throws IOException {
        int size = FuseReplyEncoder.invalInode(message, 0, FuseProtocol.ROOT_ID, offset, length);
        queue.tell(Buffer.memoryAddress(message), size);
    }

    /** Sees to it that nobody waits for too long. */
    private void watch() {
        if (!watched) {
            watched = true;
            try {
                queue.schedule(this::look, PATIENCE_MILLIS / 2);
            } catch (RejectedExecutionException e) {
                // The loop has ended, and with it the session.
                late = true;
            }
        }
    }

    private void look() {
        boolean tooLate;
        synchronized (this) {
            Batch oldest = current == null ? next : current;
            watched = false;
            if (oldest == null) {
                return;
            }
            tooLate = System.nanoTime() - oldest.sinceNanos > TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
            late |= tooLate;
            watch();
        }
        if (tooLate) {
            LOGGER.debug("{}: the kernel does not drop pages, because READs are not answered", queue);
            letGo();
        }
    }
}
