package dev.weir.fuse;

import dev.weir.fuse.device.FuseDevice;
import dev.weir.fuse.device.FuseMount;
import dev.weir.fuse.device.FuseMountException;
import dev.weir.fuse.device.FuseMounter;
import dev.weir.fuse.device.MountOptions;
import dev.weir.fuse.session.FuseHandshake;
import dev.weir.fuse.session.FuseSession;
import dev.weir.fuse.session.FuseSessionOptions;
import dev.weir.fuse.session.FuseStatistics;
import dev.weir.posix.PosixProcess;
import dev.weir.storage.BlockBackend;
import io.netty.channel.IoEventLoop;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * One mounted export. It serves until it is shut down, or somebody unmounts the file system or aborts its connection.
 *
 * <p>Threads: any. Mounting and unmounting block, and run on threads of their own that end with them.
 */
public final class FuseExport {
    /** The life of an export; it never goes back. */
    public enum State {
        RUNNING,
        /** No more requests are taken; those in flight end. */
        SHUTTING_DOWN,
        /** Nothing is mounted, open or in flight. */
        TERMINATED
    }

    /** INIT comes at once, or never. */
    private static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(10);

    private final FuseExportOptions options;
    private final FuseMount mount;
    private final FuseSession session;
    private final AtomicReference<State> state = new AtomicReference<>(State.RUNNING);
    private final CompletableFuture<Void> terminated = new CompletableFuture<>();

    private FuseExport(FuseExportOptions options, FuseMount mount, FuseSession session) {
        this.options = options;
        this.mount = mount;
        this.session = session;
    }

    /**
     * Mounts and serves a backend.
     *
     * @param backend stays the caller's, who closes it after the end of {@link #onTerminate}
     * @param loops epoll event loops, at least one; the export gets one queue on each
     * @return the export, when the kernel's INIT was answered and every queue listens; an error of
     *     {@link FuseMountException} leaves nothing mounted or open
     */
    public static Mono<FuseExport> start(FuseExportOptions options, BlockBackend backend, List<IoEventLoop> loops) {
        if (loops.isEmpty()) {
            throw new IllegalArgumentException("The set of I/O threads must not be empty");
        }
        return Mono.create(sink -> {
            var thread = new Thread(
                    () -> {
                        try {
                            sink.success(startNow(options, backend, loops));
                        } catch (Throwable e) {
                            sink.error(e);
                        }
                    },
                    "weir-mount");
            thread.setDaemon(true);
            thread.start();
        });
    }

    private static FuseExport startNow(FuseExportOptions options, BlockBackend backend, List<IoEventLoop> loops) {
        if (options.allowOther() == AllowOther.AUTO) {
            try {
                return startNow(options, true, backend, loops);
            } catch (FuseMountException e) {
                return startNow(options, false, backend, loops);
            }
        }
        return startNow(options, options.allowOther() == AllowOther.ON, backend, loops);
    }

    private static FuseExport startNow(
            FuseExportOptions options, boolean allowOther, BlockBackend backend, List<IoEventLoop> loops) {
        FuseMount mount = FuseMounter.forThisProcess()
                .mount(
                        options.mountpoint(),
                        new MountOptions(
                                options.source(), !options.writable(), allowOther, FuseHandshake.maxTransfer()));
        var devices = new ArrayList<FuseDevice>();
        devices.add(mount.device());
        FuseSession session = null;
        try {
            FuseHandshake.Agreement agreement =
                    FuseHandshake.perform(mount.device(), options.growable(), HANDSHAKE_TIMEOUT);
            for (int i = 1; i < loops.size(); i++) {
                devices.add(mount.device().cloneDevice());
            }
            session = new FuseSession(sessionOptions(options, allowOther), agreement, backend, devices, loops);
            return serve(options, mount, session);
        } catch (Throwable e) {
            // Also an error: whatever it is, a mount that nobody serves must not stay behind.
            throw failed(mount, devices, session, e);
        }
    }

    private static FuseExport serve(FuseExportOptions options, FuseMount mount, FuseSession session)
            throws InterruptedException, ExecutionException {
        var export = new FuseExport(options, mount, session);
        session.start().toCompletableFuture().get();
        session.ended().thenAccept(end -> export.stop(new ExportShutdown(options, mount, session)::afterEnd));
        return export;
    }

    private static FuseMountException failed(
            FuseMount mount, List<FuseDevice> devices, @Nullable FuseSession session, Throwable failure) {
        Throwable cause = failure instanceof ExecutionException && failure.getCause() != null
                ? Objects.requireNonNull(failure.getCause())
                : failure;
        if (cause instanceof InterruptedException) {
            Thread.currentThread().interrupt();
        }
        var reported = cause instanceof FuseMountException known
                ? known
                : new FuseMountException("cannot serve '" + mount.mountpoint() + "': " + cause.getMessage(), cause);
        try {
            mount.detach();
        } catch (RuntimeException e) {
            reported.addSuppressed(e);
        }
        if (session == null) {
            devices.forEach(FuseDevice::close);
        } else {
            // A queue may be registered: its descriptor is closed when it is not any more.
            session.abandon();
        }
        mount.release();
        return reported;
    }

    private static FuseSessionOptions sessionOptions(FuseExportOptions options, boolean allowOther) {
        return new FuseSessionOptions(
                options.mountpoint().toString(),
                options.writable(),
                options.growable(),
                options.writethrough(),
                allowOther,
                PosixProcess.uid(),
                PosixProcess.gid(),
                options.maxInFlightBytes(),
                options.maxInFlightRequests());
    }

    public State state() {
        return Objects.requireNonNull(state.get());
    }

    /** The canonical path of the file that clients open. */
    public Path mountpoint() {
        return mount.mountpoint();
    }

    public FuseExportOptions options() {
        return options;
    }

    /** Counters since the start. */
    public FuseStatistics statistics() {
        return session.statistics();
    }

    /** Requests in flight. */
    public int inFlight() {
        return session.inFlight();
    }

    /** Bytes of bounce buffers that requests in flight hold. */
    public long inFlightBytes() {
        return session.inFlightBytes();
    }

    /** Bytes of memory that bounce buffers occupy, in use or idle. */
    public long bufferBytes() {
        return session.bufferBytes();
    }

    /**
     * Ends the export: unmounts, so that the kernel writes back what it holds; where clients still have the file open,
     * lets the requests in flight end, takes the mount away, and the clients get errors from then on. What was written is
     * flushed. Requests that do not end within the shutdown timeout are given up.
     *
     * @return the end, shared by all callers and {@link #onTerminate}
     */
    public Mono<Void> shutdown() {
        stop(new ExportShutdown(options, mount, session)::orderly);
        return onTerminate();
    }

    /**
     * Completes when the export is {@link State#TERMINATED}, whatever ended it; with a
     * {@link dev.weir.storage.BlockException} where data could not be flushed or requests did not end.
     */
    public Mono<Void> onTerminate() {
        return Mono.fromFuture(terminated, true);
    }

    /** One step of a shutdown that blocks. */
    @FunctionalInterface
    private interface Stop {
        void run() throws InterruptedException, ExecutionException, TimeoutException;
    }

    private void stop(Stop how) {
        if (!state.compareAndSet(State.RUNNING, State.SHUTTING_DOWN)) {
            return;
        }
        var thread = new Thread(
                () -> {
                    Throwable failure = null;
                    try {
                        how.run();
                    } catch (ExecutionException e) {
                        failure = e.getCause();
                    } catch (Throwable e) {
                        failure = e;
                    }
                    mount.release();
                    state.set(State.TERMINATED);
                    if (failure == null) {
                        terminated.complete(null);
                    } else {
                        terminated.completeExceptionally(failure);
                    }
                },
                "weir-unmount");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public String toString() {
        return mount.mountpoint() + " (" + state + ")";
    }
}
