package dev.weir.engine;

import dev.weir.fuse.FuseExport;
import dev.weir.fuse.FuseExportOptions;
import dev.weir.fuse.device.OwnMountpoints;
import dev.weir.fuse.session.BufferMemory;
import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.BlockDriver;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.IoEventLoop;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Block nodes and their exports, with the threads that serve them. Embeddable: it installs no signal handler, and all its
 * threads are daemons.
 */
public final class BlockEngine implements AutoCloseable {
    /** How long a shutdown waits for exports that are being started; more than a handshake takes. */
    private static final Duration START_LIMIT = Duration.ofSeconds(20);

    /** How long the end waits for nodes without exports; closing one takes a thread of the pool, which I/O may hold. */
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);

    private final BlockGraph graph;
    private final IoThreads ioThreads = new IoThreads();
    private final BufferMemory memory;
    private final int pollMaxNanos;
    private final @Nullable ExportMetrics metrics;
    private final BlockExportRegistry registry = new BlockExportRegistry();
    private final Mono<Void> shutdown;

    private BlockEngine(Builder builder) {
        this.memory = new BufferMemory(builder.maxInFlightBytes.orElseGet(BufferMemory::standard));
        this.graph = builder.graph.ownFiles(OwnMountpoints::covers).build();
        this.pollMaxNanos = builder.pollMaxNanos;
        builder.ioThreads.forEach(id -> ioThreads.add(id, pollMaxNanos));
        this.metrics = builder.meterRegistry == null ? null : new ExportMetrics(builder.meterRegistry);
        if (metrics != null) {
            metrics.add(this);
        }
        this.shutdown = Mono.defer(this::shutdownNow).cache();
    }

    /**
     * An engine with default options.
     *
     * @throws IllegalStateException where Netty's epoll does not run
     */
    public static BlockEngine create() {
        return builder().build();
    }

    /** An engine with other options. */
    public static Builder builder() {
        return new Builder();
    }

    /** The nodes; for what this class has no shortcut for. */
    public BlockGraph graph() {
        return graph;
    }

    /** Its event loops; the first is the one for exports that name none. */
    public List<IoThread> ioThreads() {
        return ioThreads.all();
    }

    /**
     * Starts another event loop.
     *
     * @param pollMaxNanos as in {@link Builder#pollMaxNanos}; empty for what the engine was built with
     * @throws BlockException of kind {@link BlockErrorKind#INVALID} for an id that is taken
     */
    public IoThread addIoThread(String id, OptionalInt pollMaxNanos) {
        return ioThreads.add(id, pollMaxNanos.orElse(this.pollMaxNanos));
    }

    /**
     * Ends an event loop.
     *
     * @return fails with {@link BlockErrorKind#BUSY} where an export uses it, or it is the first one
     */
    public Mono<Void> removeIoThread(String id) {
        return ioThreads.remove(id);
    }

    /**
     * Opens a node, and those that its options describe in place.
     *
     * @return fails with a {@link BlockException}: of kind {@link BlockErrorKind#INVALID} for wrong options,
     *     {@link BlockErrorKind#BUSY} for a file that this process itself exports, and with what the driver failed with
     */
    public Mono<BlockNode> addNode(NodeOptions options) {
        return graph.add(options);
    }

    /**
     * Adds a device of the caller's own making as a node. From now on it is the graph's, which closes it with the node.
     *
     * @param nodeName a letter, then letters, digits, {@code -}, {@code .} or {@code _}; unique in the engine
     */
    public Mono<BlockNode> addNode(String nodeName, BlockDevice device) {
        return graph.add(nodeName, device);
    }

    /**
     * Exports a node under a generated id; otherwise as {@link #addExport}.
     *
     * @param node a node of this engine
     */
    public Mono<BlockExport> export(BlockNode node, FuseExportOptions options) {
        return Mono.defer(() -> startReserved(new BlockExportOptions(registry.reserve(), node.nodeName(), options)));
    }

    /**
     * Exports a node.
     *
     * @return the export when it is mounted and serves. An error leaves nothing behind:
     *     {@link dev.weir.fuse.device.FuseMountException} where it cannot be mounted, which includes a mountpoint that is
     *     exported already under whatever spelling, or a {@link BlockException}: of kind {@link BlockErrorKind#INVALID}
     *     for an id that is taken, {@link BlockErrorKind#NOT_FOUND} for an unknown node or thread,
     *     {@link BlockErrorKind#READ_ONLY} and {@link BlockErrorKind#BUSY} where the node does not permit it,
     *     {@link BlockErrorKind#CLOSED} once the engine is shut down. It cannot be cancelled: what was begun goes on to
     *     its end, and the export is found by its id then
     */
    public Mono<BlockExport> addExport(BlockExportOptions options) {
        return Mono.defer(() -> {
            registry.reserve(options.id());
            return startReserved(options);
        });
    }

    private Mono<BlockExport> startReserved(BlockExportOptions options) {
        Sinks.One<BlockExport> result = Sinks.one();
        start(options)
                .doOnError(failure -> registry.release(options.id()))
                .subscribe(result::tryEmitValue, result::tryEmitError, result::tryEmitEmpty);
        return result.asMono();
    }

    private Mono<BlockExport> start(BlockExportOptions options) {
        return Mono.defer(() -> {
            BlockNode node = graph.node(options.nodeName());
            boolean writable = options.fuse().writable();
            if (writable && node.readOnly()) {
                return Mono.error(
                        BlockException.of(BlockErrorKind.READ_ONLY, "Cannot export read-only node as writable"));
            }
            List<IoThread> threads = ioThreads.use(options.ioThreads());
            return graph.attach(node, (writable ? Permissions.WRITE : Permissions.READ).sharingAll())
                    .doOnError(failure -> ioThreads.release(threads))
                    .flatMap(backend -> start(options, backend, threads));
        });
    }

    private Mono<BlockExport> start(BlockExportOptions options, BlockBackend backend, List<IoThread> threads) {
        List<IoEventLoop> loops = threads.stream().map(IoThread::loop).toList();
        return FuseExport.start(options.fuse(), backend, loops, memory)
                .doOnError(failure -> ioThreads.release(threads))
                .onErrorResume(failure -> backend.close().onErrorComplete().then(Mono.error(failure)))
                .flatMap(fuse -> {
                    var export = new BlockExport(options.id(), fuse, backend, () -> {
                        forget(options.id());
                        ioThreads.release(threads);
                    });
                    RuntimeException refusal = null;
                    if (!registry.add(export)) {
                        refusal = BlockException.of(BlockErrorKind.CLOSED, "the engine is shut down");
                    }
                    export.watch();
                    try {
                        if (metrics != null) {
                            metrics.add(export);
                        }
                    } catch (RuntimeException e) {
                        // A registry may have filters of its user.
                        refusal = e;
                    }
                    return refusal == null
                            ? Mono.just(export)
                            : export.remove(RemoveMode.HARD).then(Mono.error(refusal));
                });
    }

    private void forget(String id) {
        if (metrics != null) {
            metrics.remove(id);
        }
        registry.release(id);
    }

    /** Finds an export by id; one that is being started, or has ended, is not found. */
    public Optional<BlockExport> findExport(String id) {
        return registry.find(id);
    }

    /** The exports that run or are being shut down, in the order in which they were added. */
    public List<BlockExport> exports() {
        return registry.all();
    }

    /** Most bytes of buffers that requests in flight of all exports hold; see {@link Builder#maxInFlightBytes}. */
    public long maxInFlightBytes() {
        return memory.maxBytes();
    }

    /** Bytes of buffers that requests in flight of all exports hold. */
    public long inFlightBytes() {
        return registry.all().stream().mapToLong(BlockExport::inFlightBytes).sum();
    }

    /** Bytes of memory that the buffers of all exports occupy, in use or idle. */
    public long bufferBytes() {
        return memory.allocatedBytes();
    }

    /**
     * Ends an export; completes as {@link BlockExport#onTerminate} does.
     *
     * @return fails with {@link BlockErrorKind#NOT_FOUND} for an unknown id, and with {@link BlockErrorKind#BUSY} where
     *     {@link RemoveMode#SAFE} meets requests in flight; the export goes on then
     */
    public Mono<Void> removeExport(String id, RemoveMode mode) {
        return Mono.defer(() -> registry.find(id)
                .map(export -> export.remove(mode))
                .orElseGet(() ->
                        Mono.error(BlockException.of(BlockErrorKind.NOT_FOUND, "Export '" + id + "' is not found"))));
    }

    /**
     * Ends every export, closes every node and stops the threads. Every caller gets the same end; it comes with an error
     * where data could not be flushed or requests did not end, after all the rest was closed nevertheless.
     */
    public Mono<Void> shutdown() {
        return shutdown;
    }

    private Mono<Void> shutdownNow() {
        // An export that is being started is mounted perhaps: it has to come up before it can be taken down.
        Mono<Void> settled = Mono.fromFuture(registry.close(), true)
                .timeout(
                        START_LIMIT,
                        Mono.error(() -> BlockException.of(
                                BlockErrorKind.TIMED_OUT, "an export that was being started did not come to an end")));
        Mono<Void> exports = Flux.defer(() -> Flux.fromIterable(registry.all()))
                .flatMapDelayError(
                        export -> export.remove(RemoveMode.HARD)
                                .timeout(
                                        export.endLimit(),
                                        Mono.error(() -> BlockException.of(
                                                BlockErrorKind.TIMED_OUT,
                                                "export '" + export.id() + "' does not end"))),
                        64,
                        64)
                .then();
        Mono<Void> nodes = graph.close()
                .timeout(
                        CLOSE_LIMIT,
                        Mono.error(() -> BlockException.of(
                                BlockErrorKind.TIMED_OUT, "a node whose I/O does not end could not be closed")));
        return Flux.concatDelayError(Flux.just(settled, exports, nodes, ioThreads.stop()))
                .then()
                .doOnTerminate(() -> {
                    if (metrics != null) {
                        metrics.remove();
                    }
                });
    }

    /**
     * {@link #shutdown}, waiting for its end, which comes within the exports' shutdown timeouts and some seconds. Any
     * number of threads may call it, any number of times; never one that serves an export. A thread that is interrupted
     * waits no longer, and the shutdown goes on.
     *
     * @throws BlockException where data could not be flushed or requests did not end
     */
    @Override
    public void close() {
        try {
            shutdown.toFuture().get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (java.util.concurrent.ExecutionException e) {
            throw e.getCause() instanceof RuntimeException failure ? failure : new IllegalStateException(e);
        }
    }

    static void requirePollMaxNanos(int pollMaxNanos) {
        if (pollMaxNanos < 0 || pollMaxNanos > 1_000_000_000) {
            throw new IllegalArgumentException("pollMaxNanos must be from 0 to 1000000000, was " + pollMaxNanos);
        }
    }

    /** Collects options; not safe for use by several threads at once. */
    public static final class Builder {
        private final BlockGraph.Builder graph = BlockGraph.builder();
        private List<String> ioThreads = List.of("iothread0");
        private int pollMaxNanos =
                AdaptivePolling.defaultNanos(Runtime.getRuntime().availableProcessors());
        private OptionalLong maxInFlightBytes = OptionalLong.empty();
        private @Nullable MeterRegistry meterRegistry;

        private Builder() {}

        /** Event loops, with ids that are "iothread" and a number from 0 on; from 1 to 256. Defaults to 1. */
        public Builder ioThreads(int ioThreads) {
            if (ioThreads < 1 || ioThreads > 256) {
                throw new IllegalArgumentException("ioThreads must be from 1 to 256, was " + ioThreads);
            }
            this.ioThreads =
                    IntStream.range(0, ioThreads).mapToObj(i -> "iothread" + i).toList();
            return this;
        }

        /** One event loop to begin with, under an id of its own. */
        public Builder ioThread(String id) {
            this.ioThreads = List.of(id);
            return this;
        }

        /**
         * How long an event loop that has served something polls for more before it sleeps, in nanoseconds, from 0 to
         * 1,000,000,000; 0 turns polling off. It polls only where that pays: an export that is used seldom, or not at
         * all, takes no processor time. Defaults to 32768, and to 0 where the process may use one processor only.
         */
        public Builder pollMaxNanos(int pollMaxNanos) {
            requirePollMaxNanos(pollMaxNanos);
            this.pollMaxNanos = pollMaxNanos;
            return this;
        }

        /** Threads for file I/O that blocks; from 1 to 1024. Defaults to 16. */
        public Builder blockingThreads(int blockingThreads) {
            graph.blockingThreads(blockingThreads);
            return this;
        }

        /**
         * Budget for the buffers of requests in flight of all exports together, in bytes; each queue of an export is
         * guaranteed a little more than 1 MiB of it, room for one request of the largest size, and takes the rest as
         * it needs and its own budget allows. An export whose guarantee does not fit is refused. From 2 MiB to the JVM's
         * direct memory. Defaults to 512 MiB, or three quarters of the direct memory if that is less.
         */
        public Builder maxInFlightBytes(long maxInFlightBytes) {
            this.maxInFlightBytes = OptionalLong.of(maxInFlightBytes);
            return this;
        }

        /** A driver that is not found by {@link java.util.ServiceLoader}. */
        public Builder driver(BlockDriver driver) {
            graph.driver(driver);
            return this;
        }

        /** Where the meters of exports are registered. Defaults to nowhere. */
        public Builder meterRegistry(MeterRegistry meterRegistry) {
            this.meterRegistry = meterRegistry;
            return this;
        }

        /**
         * @throws IllegalStateException where Netty's epoll does not run
         * @throws BlockException of kind {@link BlockErrorKind#INVALID} where a budget is out of its range
         */
        public BlockEngine build() {
            return new BlockEngine(this);
        }
    }
}
