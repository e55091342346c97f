package dev.weir.engine;

import dev.weir.fuse.FuseExport;
import dev.weir.fuse.session.FuseStatistics;
import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.nio.file.Path;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * A node that is exported: the mounted file, and the backend that it holds. It goes on until it is removed, its engine is
 * shut down, or somebody unmounts the file or aborts its connection. Any thread; nothing here blocks.
 */
public final class BlockExport {
    private static final Logger LOGGER = LoggerFactory.getLogger(BlockExport.class);

    /** Giving a node back takes a thread of the pool, which I/O of others may hold for ever. */
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);

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
        LOGGER.info(
                "{} is mounted: node '{}', {} bytes, {}",
                mountpoint(),
                nodeName(),
                length(),
                writable() ? "writable" : "read-only");
        terminated.subscribe(
                nothing -> {},
                failure -> LOGGER.info("{} is gone: {}", mountpoint(), failure.getMessage()),
                () -> LOGGER.info("{} is gone", mountpoint()));
    }

    /** A request that never ended would keep a close waiting for ever. */
    private Mono<Void> close() {
        if (fuse.gaveUp()) {
            backend.abandon();
            return Mono.empty();
        }
        return backend.close().timeout(CLOSE_LIMIT, Mono.defer(() -> {
            backend.abandon();
            return Mono.error(
                    BlockException.of(BlockErrorKind.TIMED_OUT, "node '" + nodeName() + "' could not be given back"));
        }));
    }

    /** Within which it has ended once it was asked to, whatever hangs. */
    Duration endLimit() {
        return fuse.options().shutdownTimeout().plus(CLOSE_LIMIT.multipliedBy(2));
    }

    /** Unique in its engine while it runs. */
    public String id() {
        return id;
    }

    /** The canonical path of the file that clients open. */
    public Path mountpoint() {
        return fuse.mountpoint();
    }

    /** The node that it shows. */
    public String nodeName() {
        return backend.node().nodeName();
    }

    /** Whether clients may write. */
    public boolean writable() {
        return fuse.options().writable();
    }

    /** Whether writes past the end grow the image. */
    public boolean growable() {
        return fuse.options().growable();
    }

    /** Length of the file in bytes; it changes when a client or somebody else resizes the image. */
    public long length() {
        return backend.length();
    }

    /** Whether it takes no more requests, or has ended. */
    public boolean shuttingDown() {
        return fuse.state() != FuseExport.State.RUNNING;
    }

    /** Counters since the start; they stay when it has ended. */
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

    /** Adds a listener that is told of each request to the node that fails. On any thread; must not block. */
    public void onError(BlockBackend.FailureListener listener) {
        backend.onError(listener);
    }

    /** Begins to end the export; completes as {@link #onTerminate} does. */
    Mono<Void> remove(RemoveMode mode) {
        return Mono.defer(() -> {
            if (mode == RemoveMode.SAFE && fuse.inFlight() > 0) {
                return Mono.error(BlockException.of(BlockErrorKind.BUSY, "export '" + id + "' still in use"));
            }
            // What clients wrote through mappings comes first, and would wait for a throttle below.
            backend.hurry();
            fuse.shutdown();
            return terminated;
        });
    }

    /**
     * Completes when the export is gone, whatever ended it: nothing is mounted, its permissions are given back, its id
     * is free. With a {@link BlockException} where data could not be flushed, requests did not end, or the connection was
     * aborted. On whichever thread it ended; who subscribes later gets the same end at once.
     */
    public Mono<Void> onTerminate() {
        return terminated;
    }

    @Override
    public String toString() {
        return id;
    }
}
