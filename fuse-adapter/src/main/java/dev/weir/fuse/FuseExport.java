package dev.weir.fuse;

import dev.weir.fuse.device.FuseDevice;
import dev.weir.fuse.device.FuseMount;
import dev.weir.fuse.device.FuseMountException;
import dev.weir.fuse.device.FuseMounter;
import dev.weir.fuse.device.MountOptions;
import dev.weir.fuse.protocol.FuseInitFlags;
import dev.weir.fuse.session.BufferMemory;
import dev.weir.fuse.session.FuseHandshake;
import dev.weir.fuse.session.FuseSession;
import dev.weir.fuse.session.FuseSessionOptions;
import dev.weir.fuse.session.FuseStatistics;
import dev.weir.fuse.session.PassthroughFile;
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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * One mounted export. It serves until it is shut down, or somebody unmounts the file system or aborts its connection.
 *
 * <p>Threads: any. Mounting and unmounting block, and run on threads of their own that end with them.
 */
public final class FuseExport {
    /** The life of an export that was started; it never goes back. */
    public enum State {
        /** Mounted and served. */
        RUNNING,
        /** No more requests are taken; those in flight end. */
        SHUTTING_DOWN,
        /** Nothing is mounted, open or in flight. */
        TERMINATED,
        /** As {@link #TERMINATED}, but with the error of {@link FuseExport#onTerminate}; requests may be in flight still. */
        FAILED
    }

    private static final Logger LOGGER = LoggerFactory.getLogger(FuseExport.class);

    /** INIT comes at once, or never. */
    private static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(10);

    /** The kernel's standard. */
    private static final long LEAST_READ_AHEAD = 128 << 10;

    /** Bytes: a few of the largest requests. */
    private static final long READ_AHEAD = 4 << 20;

    private final FuseExportOptions options;
    private final FuseMount mount;
    private final FuseSession session;
    private final AtomicReference<State> state = new AtomicReference<>(State.RUNNING);
    private final CompletableFuture<Void> terminated = new CompletableFuture<>();
    private volatile boolean gaveUp;

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
     * @param memory for its requests, shared with other exports
     * @return the export, when the kernel's INIT was answered and every queue listens; an error of
     *     {@link FuseMountException} leaves nothing mounted or open. A cancelled start goes on to its end, and the export
     *     is shut down then
     */
    public static Mono<FuseExport> start(
            FuseExportOptions options, BlockBackend backend, List<IoEventLoop> loops, BufferMemory memory) {
        if (loops.isEmpty()) {
            throw new IllegalArgumentException("The set of I/O threads must not be empty");
        }
        return Mono.<FuseExport>create(sink -> {
                    var thread = new Thread(
                            () -> {
                                try {
                                    sink.success(startNow(options, backend, loops, memory));
                                } catch (Throwable e) {
                                    sink.error(e);
                                }
                            },
                            "weir-mount");
                    thread.setDaemon(true);
                    thread.start();
                })
                .doOnDiscard(FuseExport.class, FuseExport::shutdown);
    }

    private static FuseExport startNow(
            FuseExportOptions options, BlockBackend backend, List<IoEventLoop> loops, BufferMemory memory)
            throws InterruptedException {
        BufferMemory.requirePossible(options.maxInFlightBytes());
        BufferMemory.Admission admission = memory.admit(loops.size(), FuseHandshake.maxTransfer());
        try {
            return startAdmitted(options, backend, loops, admission);
        } catch (RuntimeException | Error e) {
            admission.end();
            throw e;
        }
    }

    private static FuseExport startAdmitted(
            FuseExportOptions options,
            BlockBackend backend,
            List<IoEventLoop> loops,
            BufferMemory.Admission admission) {
        FuseMount mount = FuseMounter.forThisProcess()
                .mount(
                        options.mountpoint(),
                        new MountOptions(
                                options.source(),
                                !options.writable(),
                                options.allowOther() != AllowOther.OFF,
                                options.allowOther() == AllowOther.AUTO,
                                FuseHandshake.maxTransfer()));
        var devices = new ArrayList<FuseDevice>();
        devices.add(mount.device());
        FuseSession session = null;
        PassthroughFile passthrough = null;
        try {
            FuseHandshake.Agreement agreement =
                    FuseHandshake.perform(mount.device(), options.growable(), passes(options), HANDSHAKE_TIMEOUT);
            if (options.kernelCache() != KernelCache.OFF) {
                mount.readAhead(readAhead(options));
            }
            passthrough = passes(options) ? passthrough(mount, agreement, backend) : null;
            for (int i = 1; i < loops.size() && clone(mount, devices, options.spareQueues()); i++) {}
            for (int i = devices.size(); i < loops.size(); i++) {
                admission.endOne();
            }
            session = new FuseSession(
                    sessionOptions(options, mount.allowOther()),
                    agreement,
                    backend,
                    devices,
                    loops.subList(0, devices.size()),
                    admission,
                    passthrough);
            session.start().toCompletableFuture().get(HANDSHAKE_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
            var export = new FuseExport(options, mount, session);
            session.ended().thenAccept(why -> export.stop(shutdown -> shutdown.afterEnd(why)));
            return export;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed(mount, session, passthrough, devices, e);
        } catch (TimeoutException e) {
            throw failed(
                    mount,
                    session,
                    passthrough,
                    devices,
                    new IllegalStateException("an event loop does not answer", e));
        } catch (ExecutionException e) {
            throw failed(mount, session, passthrough, devices, Objects.requireNonNullElse(e.getCause(), e));
        } catch (RuntimeException | Error e) {
            // Whatever it is, a mount that nobody serves must not stay behind.
            throw failed(mount, session, passthrough, devices, e);
        }
    }

    private static boolean passes(FuseExportOptions options) {
        return options.passthrough() == Passthrough.ON
                || options.passthrough() == Passthrough.AUTO && !options.writable();
    }

    private static @Nullable PassthroughFile passthrough(
            FuseMount mount, FuseHandshake.Agreement agreement, BlockBackend backend) throws InterruptedException {
        String name = mount.mountpoint().toString();
        if (agreement.has(FuseInitFlags.PASSTHROUGH)) {
            return PassthroughFile.register(name, mount.device(), backend, HANDSHAKE_TIMEOUT);
        }
        LOGGER.info("{}: no passthrough: the kernel does not offer it", name);
        return null;
    }

    /** As far as it pays; but several clients at a time must find room in the budget. */
    private static long readAhead(FuseExportOptions options) {
        return Math.max(LEAST_READ_AHEAD, Math.min(READ_AHEAD, options.maxInFlightBytes() / 16));
    }

    /** Takes everything back; what fails on the way is told with the cause. */
    private static FuseMountException failed(
            FuseMount mount,
            @Nullable FuseSession session,
            @Nullable PassthroughFile passthrough,
            List<FuseDevice> devices,
            Throwable cause) {
        FuseMountException failure = cause instanceof FuseMountException known
                ? known
                : new FuseMountException("cannot serve '" + mount.mountpoint() + "': " + cause.getMessage(), cause);
        List<Runnable> steps = new ArrayList<>();
        steps.add(mount::detach);
        if (passthrough != null) {
            steps.add(passthrough::close);
        }
        if (session == null) {
            devices.forEach(device -> steps.add(device::close));
        } else {
            // A queue may be registered: its descriptor is closed when it is not any more.
            steps.add(session::abandon);
        }
        steps.add(mount::release);
        for (Runnable step : steps) {
            try {
                step.run();
            } catch (RuntimeException e) {
                failure.addSuppressed(e);
            }
        }
        return failure;
    }

    /** Whoever may mount with fusermount3 only may not open the device himself; a queue that is spare can be done without. */
    private static boolean clone(FuseMount mount, List<FuseDevice> devices, boolean spare) {
        try {
            devices.add(mount.device().cloneDevice());
            return true;
        } catch (FuseMountException e) {
            if (spare) {
                LOGGER.debug("there is no spare queue", e);
                return false;
            }
            throw e;
        }
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
                options.kernelCache() != KernelCache.OFF,
                options.kernelCache() == KernelCache.ON,
                options.clientAffinity(),
                options.spareQueues(),
                options.maxInFlightBytes(),
                options.maxInFlightRequests());
    }

    /** The state as of now. */
    public State state() {
        return Objects.requireNonNull(state.get());
    }

    /** The canonical path of the file that clients open. */
    public Path mountpoint() {
        return mount.mountpoint();
    }

    /** What it was started with. */
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

    /**
     * Ends the export: has the kernel write back what it holds, lets the requests in flight end, flushes what was written
     * and takes the mount away; clients that still have the file open get errors from then on, but for those that {@link Passthrough}
     * concerns. Requests that do not end
     * within the shutdown timeout are given up.
     *
     * @return the end, shared by all callers and {@link #onTerminate}
     */
    public Mono<Void> shutdown() {
        stop(ExportShutdown::orderly);
        return onTerminate();
    }

    /**
     * Completes when the export is {@link State#TERMINATED}, whatever ended it; or, when it is {@link State#FAILED}, with a
     * {@link dev.weir.storage.BlockException}: where data could not be flushed, requests did not end, or the connection was
     * aborted.
     */
    public Mono<Void> onTerminate() {
        return Mono.fromFuture(terminated, true);
    }

    /** Whether it ended although requests are in flight, which may be for ever. */
    public boolean gaveUp() {
        return gaveUp;
    }

    /** What a shutdown begins with; it blocks. */
    @FunctionalInterface
    private interface Stop {
        void run(ExportShutdown shutdown) throws InterruptedException;
    }

    private void stop(Stop how) {
        if (!state.compareAndSet(State.RUNNING, State.SHUTTING_DOWN)) {
            return;
        }
        var thread = new Thread(
                () -> {
                    Throwable failure;
                    try {
                        var shutdown = new ExportShutdown(options, mount, session);
                        how.run(shutdown);
                        gaveUp = shutdown.gaveUp();
                        failure = shutdown.failure();
                    } catch (Throwable e) {
                        LOGGER.error("{}: the shutdown failed", mount.mountpoint(), e);
                        failure = e;
                    }
                    mount.release();
                    state.set(failure == null ? State.TERMINATED : State.FAILED);
                    if (failure == null) {
                        terminated.complete(null);
                    } else {
                        terminated.completeExceptionally(failure);
                    }
                },
                "weir-unmount");
        thread.setDaemon(true);
        try {
            thread.start();
        } catch (Error e) {
            // No thread to be had: nobody can unmount it, and nobody must wait for it.
            LOGGER.error("{}: the shutdown failed", mount.mountpoint(), e);
            gaveUp = true;
            state.set(State.FAILED);
            terminated.completeExceptionally(e);
        }
    }

    @Override
    public String toString() {
        return mount.mountpoint() + " (" + state + ")";
    }
}
