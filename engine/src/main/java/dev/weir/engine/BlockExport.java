package dev.weir.engine;

import dev.weir.fuse.FuseExport;
import dev.weir.fuse.session.FuseStatistics;
import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.nio.file.Path;
import reactor.core.publisher.Mono;

/** A node that is exported: the mounted file, and the backend that it holds. */
public final class BlockExport {
    private final String id;
    private final FuseExport fuse;
    private final BlockBackend backend;
    private final Mono<Void> terminated;

    /** @param afterEnd run before anybody hears of the end */
    BlockExport(String id, FuseExport fuse, BlockBackend backend, Runnable afterEnd) {
        this.id = id;
        this.fuse = fuse;
        this.backend = backend;
        this.terminated = fuse.onTerminate()
                .onErrorResume(failure -> close().onErrorComplete().then(Mono.error(failure)))
                .then(Mono.defer(this::close))
                .doOnTerminate(afterEnd)
                .cache();
    }

    /** The end comes from outside too, when somebody unmounts: it must not wait for a subscriber. */
    void watch() {
        terminated.subscribe(nothing -> {}, failure -> {});
    }

    /** A request that never ended would keep a close waiting for ever. */
    private Mono<Void> close() {
        if (fuse.gaveUp()) {
            backend.abandon();
            return Mono.empty();
        }
        return backend.close();
    }

    public String id() {
        return id;
    }

    /** The canonical path of the file that clients open. */
    public Path mountpoint() {
        return fuse.mountpoint();
    }

    public String nodeName() {
        return backend.node().nodeName();
    }

    public boolean writable() {
        return fuse.options().writable();
    }

    public boolean growable() {
        return fuse.options().growable();
    }

    /** Length of the file in bytes. */
    public long length() {
        return backend.length();
    }

    public boolean shuttingDown() {
        return fuse.state() != FuseExport.State.RUNNING;
    }

    /** Counters since the start. */
    public FuseStatistics statistics() {
        return fuse.statistics();
    }

    /** Requests in flight. */
    public int inFlight() {
        return fuse.inFlight();
    }

    /** Bytes of bounce buffers that requests in flight hold. */
    public long inFlightBytes() {
        return fuse.inFlightBytes();
    }

    /** Bytes of memory that bounce buffers occupy, in use or idle. */
    public long bufferBytes() {
        return fuse.bufferBytes();
    }

    /** Begins to end the export; completes as {@link #onTerminate} does. */
    Mono<Void> remove(RemoveMode mode) {
        return Mono.defer(() -> {
            if (mode == RemoveMode.SAFE && fuse.inFlight() > 0) {
                return Mono.error(BlockException.of(BlockErrorKind.BUSY, "export '" + id + "' still in use"));
            }
            fuse.shutdown();
            return terminated;
        });
    }

    /**
     * Completes when the export is gone, whatever ended it: nothing is mounted, its permissions are given back, its id
     * is free. With an error where data could not be flushed or requests did not end.
     */
    public Mono<Void> onTerminate() {
        return terminated;
    }

    @Override
    public String toString() {
        return id;
    }
}
