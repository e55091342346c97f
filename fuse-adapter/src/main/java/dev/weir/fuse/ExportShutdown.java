package dev.weir.fuse;

import dev.weir.fuse.device.FuseMount;
import dev.weir.fuse.session.FuseSession;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of an export, step by step, on a thread that may block. A step that fails is remembered, and the next one is
 * done nevertheless: nothing may be left behind. All steps together have one deadline.
 */
final class ExportShutdown {
    private static final Logger LOGGER = LoggerFactory.getLogger(ExportShutdown.class);

    /** How long the kernel, or an event loop, may take for what it does at once unless something is wrong. */
    private static final Duration AT_ONCE = Duration.ofSeconds(1);

    /** Unanswered requests that a message describes. */
    private static final int SHOWN = 8;

    private final FuseMount mount;
    private final FuseSession session;
    private final boolean writable;
    private final long half;
    private final long deadline;
    private @Nullable Throwable failure;
    private boolean gaveUp;

    ExportShutdown(FuseExportOptions options, FuseMount mount, FuseSession session) {
        this.mount = mount;
        this.session = session;
        this.writable = options.writable();
        long now = System.nanoTime();
        long timeout = Math.max(options.shutdownTimeout().toNanos(), AT_ONCE.toNanos());
        this.half = now + timeout / 2;
        this.deadline = now + timeout;
    }

    /** Why the end was not a good one, or null. */
    @Nullable
    Throwable failure() {
        return failure;
    }

    /** Whether requests are in flight still, and may be for ever. */
    boolean gaveUp() {
        return gaveUp;
    }

    /** Somebody asks for the end: the file system is mounted and served. */
    void orderly() throws InterruptedException {
        try {
            letGo();
        } catch (RuntimeException e) {
            note(e);
        }
        end();
    }

    /** The connection ended by itself. */
    void afterEnd(FuseSession.End why) throws InterruptedException {
        if (why != FuseSession.End.UNMOUNTED) {
            String what = why == FuseSession.End.ABORTED ? "the FUSE connection was aborted" : "the FUSE device failed";
            note(BlockException.of(BlockErrorKind.IO, mount.mountpoint() + ": " + what));
        }
        end();
    }

    /** Unmounts while requests are served: what clients wrote through mappings comes now. */
    private void letGo() throws InterruptedException {
        FuseMount.Unmounted unmounted = unmount();
        if (unmounted == FuseMount.Unmounted.DONE) {
            // Nobody used it: the kernel ends the connection by itself, unless it is mounted in another namespace.
            awaitAtOnce(session.ended());
        } else if (unmounted == FuseMount.Unmounted.BUSY && writable && !mount.writeBack(left(half))) {
            LOGGER.warn("{}: mappings of clients are not written back in time", mount.mountpoint());
        }
    }

    /** On another thread, because a file system that is not answered blocks it. */
    private FuseMount.Unmounted unmount() throws InterruptedException {
        if (gone()) {
            return FuseMount.Unmounted.GONE;
        }
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
            return result.get(left(half).toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            LOGGER.warn("{}: unmounting does not end", mount.mountpoint());
            return FuseMount.Unmounted.GONE;
        } catch (ExecutionException e) {
            note(e.getCause());
            return FuseMount.Unmounted.GONE;
        }
    }

    private void end() throws InterruptedException {
        try {
            finishRequests();
        } catch (RuntimeException e) {
            note(e);
        }
        try {
            if (!gone()) {
                if (session.isTelling()) {
                    mount.abort();
                }
                mount.detach();
            }
        } catch (RuntimeException e) {
            note(e);
        }
        close();
    }

    private void finishRequests() throws InterruptedException {
        if (awaits(session.quiesce(), left(deadline))) {
            flush();
        } else {
            gaveUp = true;
            lost(describe(session.unanswered()));
        }
    }

    private void flush() throws InterruptedException {
        try {
            session.flush().toFuture().get(left(deadline).toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            gaveUp = true;
            lost("the flush did not end");
        } catch (ExecutionException e) {
            note(e.getCause());
        }
    }

    private void close() throws InterruptedException {
        if (session.inFlight() == 0 && awaitAtOnce(session.close())) {
            return;
        }
        gaveUp = true;
        if (!awaitAtOnce(session.abandon())) {
            lost("an event loop is stuck");
        }
    }

    private static String describe(List<String> unanswered) {
        int count = unanswered.size();
        String some = String.join(", ", unanswered.subList(0, Math.min(count, SHOWN)));
        return count + (count == 1 ? " request" : " requests") + " did not end: " + some
                + (count > SHOWN ? " and " + (count - SHOWN) + " more" : "");
    }

    /**
     * The connection has ended: what is mounted there now is somebody else's, even where the kernel gives it our number
     * again. Unless it is ours still, dead: so it is after an abort, and after an umount -f while somebody used it.
     */
    private boolean gone() {
        FuseSession.End end = session.ended().toCompletableFuture().getNow(null);
        return end != null && end != FuseSession.End.BROKEN && !mount.isDead();
    }

    private void lost(String what) {
        note(BlockException.of(BlockErrorKind.TIMED_OUT, mount.mountpoint() + ": " + what));
    }

    /** The first is the one that is reported. */
    private void note(@Nullable Throwable cause) {
        if (failure == null) {
            failure = cause;
        }
        LOGGER.error("The export on '{}' does not end well: {}", mount.mountpoint(), String.valueOf(cause));
    }

    private static boolean awaitAtOnce(CompletionStage<?> stage) throws InterruptedException {
        return awaits(stage, AT_ONCE);
    }

    private static boolean awaits(CompletionStage<?> stage, Duration timeout) throws InterruptedException {
        try {
            stage.toCompletableFuture().get(timeout.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    private static Duration left(long until) {
        return Duration.ofNanos(Math.max(0, until - System.nanoTime()));
    }
}
