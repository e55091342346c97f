package dev.weir.fuse;

import dev.weir.fuse.device.FuseMount;
import dev.weir.fuse.session.FuseSession;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The end of an export, step by step, on a thread that may block. All steps together have one deadline. */
final class ExportShutdown {
    private static final Logger LOGGER = LoggerFactory.getLogger(ExportShutdown.class);

    /** An event loop answers in microseconds, or it is blocked. */
    private static final int LOOP_TIMEOUT_SECONDS = 2;

    private final FuseMount mount;
    private final FuseSession session;
    private final long deadline;

    ExportShutdown(FuseExportOptions options, FuseMount mount, FuseSession session) {
        this.mount = mount;
        this.session = session;
        this.deadline = System.nanoTime() + options.shutdownTimeout().toNanos();
    }

    /** Somebody asks for the end: the file system is still mounted and served. */
    void orderly() throws InterruptedException, ExecutionException {
        if (unmounted()) {
            // Nobody used it: the kernel ends the connection by itself.
            try {
                await(session.ended());
            } catch (TimeoutException e) {
                LOGGER.warn("{}: unmounted, but the connection does not end", mount.mountpoint());
            }
        }
        afterEnd();
    }

    /** No request comes any more, or none is to come. */
    void afterEnd() throws InterruptedException, ExecutionException {
        try {
            await(session.quiesce());
        } catch (TimeoutException e) {
            throw giveUp();
        }
        Throwable failure = flush();
        try {
            mount.detach();
        } finally {
            ended(session.close());
        }
        if (failure != null) {
            throw new ExecutionException(failure);
        }
    }

    /** What needs the event loops; one that user code blocks must not keep the process alive. */
    private void ended(CompletionStage<Void> end) throws InterruptedException, ExecutionException {
        try {
            end.toCompletableFuture().get(LOOP_TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            LOGGER.error("{}: an event loop does not answer", mount.mountpoint());
        }
    }

    /** A plain unmount, on another thread, because a file system that is not answered blocks it. */
    private boolean unmounted() throws InterruptedException, ExecutionException {
        var result = new CompletableFuture<FuseMount.Unmounted>();
        var thread = new Thread(
                () -> {
                    try {
                        result.complete(mount.unmount());
                    } catch (Throwable e) {
                        result.completeExceptionally(e);
                    }
                },
                "weir-umount");
        thread.setDaemon(true);
        thread.start();
        try {
            return await(result) == FuseMount.Unmounted.DONE;
        } catch (TimeoutException e) {
            return false;
        }
    }

    private @Nullable Throwable flush() throws InterruptedException {
        try {
            await(session.flush().toFuture());
            return null;
        } catch (TimeoutException e) {
            return lost("the flush did not end");
        } catch (ExecutionException e) {
            LOGGER.error("{}: data could not be flushed", mount.mountpoint(), e.getCause());
            return e.getCause();
        }
    }

    private BlockException giveUp() throws InterruptedException, ExecutionException {
        List<String> unanswered = session.unanswered();
        BlockException lost = lost(unanswered.size() + " requests did not end: " + String.join(", ", unanswered));
        try {
            mount.detach();
        } finally {
            ended(session.abandon());
        }
        return lost;
    }

    private BlockException lost(String what) {
        String message = mount.mountpoint() + ": " + what;
        LOGGER.error("{}", message);
        return BlockException.of(BlockErrorKind.TIMED_OUT, message);
    }

    private <T> T await(CompletionStage<T> stage) throws InterruptedException, ExecutionException, TimeoutException {
        return stage.toCompletableFuture().get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    }
}
