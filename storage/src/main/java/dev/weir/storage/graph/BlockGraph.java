package dev.weir.storage.graph;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.image.ImageFormat;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.BlockDriver;
import dev.weir.storage.spi.FormatDriver;
import dev.weir.storage.throttle.ThrottleDriver;
import dev.weir.storage.throttle.ThrottleGroups;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Owns block nodes by name. Opens them from options with the drivers that {@link ServiceLoader} finds, hands out backends
 * with permissions, and refuses to remove what is in use.
 *
 * <p>Changes of the graph run one after the other; they may be asked for from any thread, and a change that was begun runs
 * to its end when its subscriber cancels.
 */
public final class BlockGraph {
    private static final Logger log = LoggerFactory.getLogger(BlockGraph.class);

    private final NodeNames names = new NodeNames();
    private final Turns turns = new Turns();
    private final BlockingPool blocking;
    private final NodeOpener opener;
    private final GraphDrain drain = new GraphDrain();
    private final Additions additions = new Additions();
    private final ChangeListeners listening = new ChangeListeners();
    private final NodeReopener reopener;
    private final ThrottleGroups throttleGroups;
    private final Mono<Void> closing;

    private BlockGraph(Builder builder) {
        this.blocking = new BlockingPool(builder.blockingThreads);
        this.throttleGroups = builder.throttleGroups;
        var drivers = new LinkedHashMap<>(builder.drivers);
        drivers.putIfAbsent("throttle", new ThrottleDriver(throttleGroups));
        this.opener = new NodeOpener(
                Map.copyOf(drivers), blocking, builder.implicitOpenPolicy, builder.ownFiles, names, turns);
        this.reopener = new NodeReopener(opener, turns, drain, additions);
        this.closing = Mono.defer(this::shut).cache();
    }

    /** A graph with the drivers that {@link ServiceLoader} finds. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Opens a node. Children that the options describe in place are opened first, and closed again when this fails; they
     * go when the node is removed.
     *
     * <p>Common options: {@code driver}, {@code node-name} (default {@code #blockNNN}), {@code read-only} and
     * {@code auto-read-only} (off), {@code force-share} (off), {@code discard} (ignore), {@code detect-zeroes} (off),
     * {@code cache.direct} and {@code cache.no-flush} (off). Children inherit all but the name, {@code auto-read-only} and
     * {@code detect-zeroes}.
     *
     * @return fails with {@link BlockErrorKind#INVALID} for wrong options, and with what the driver failed with
     */
    public Mono<BlockNode> add(NodeOptions options) {
        return additions.run(
                () -> opener.open(options, CommonOptions.DEFAULTS, false).cast(BlockNode.class));
    }

    /** Makes a node of a device; the graph closes it when the node is removed. The node's driver is {@code custom}. */
    public Mono<BlockNode> add(String nodeName, BlockDevice device) {
        return add(NodeOptions.builder().set("node-name", nodeName).build(), device);
    }

    /**
     * As {@link #add(String, BlockDevice)}.
     *
     * @param options common options only; {@code driver} is just the name to report
     */
    public Mono<BlockNode> add(NodeOptions options, BlockDevice device) {
        return additions.run(() -> opener.insert(options, device).cast(BlockNode.class));
    }

    /**
     * Gives nodes other options while they are in use: all of them, or none where one fails; then everything is as it was.
     * Requests of whoever uses the nodes wait meanwhile, and notice nothing.
     *
     * <p>The options are all options of a node, by its {@code node-name}: those that are left out revert to their
     * defaults. The common options may change, but for {@code force-share}; of the others those that the driver lists,
     * and which node a child is. Children that the node describes in place are reopened with it.
     *
     * @return fails with {@link BlockErrorKind#READ_ONLY} where a node that is written to would become read-only, with
     *     {@link BlockErrorKind#INVALID} for options that are wrong or cannot change, with {@link BlockErrorKind#BUSY}
     *     where permissions conflict, and with what the driver failed with
     */
    public Mono<Void> reopen(List<NodeOptions> nodes) {
        List<NodeOptions> each = List.copyOf(nodes);
        return Turns.toTheEnd(() -> reopener.reopen(each));
    }

    /**
     * Puts an overlay over a node while it is in use: whoever uses the node uses the overlay from then on, whose backing
     * file the node becomes. What is written goes to the overlay, and the node stays as it is at this moment. All or
     * nothing; requests of the users wait meanwhile, and notice nothing but another length, where the overlay has one.
     *
     * @param overlay the name of a node that nobody uses and that has no backing file, of a driver that can have one
     * @return fails with {@link BlockErrorKind#INVALID} where the overlay cannot be one, with {@link BlockErrorKind#BUSY}
     *     where it, or the node as a backing file, is in use, and with what the driver failed with
     */
    public Mono<Void> snapshot(String nodeName, String overlay) {
        return Turns.toTheEnd(() -> reopener.snapshot(nodeName, overlay));
    }

    /**
     * A node by its name.
     *
     * @throws BlockException of kind {@link BlockErrorKind#NOT_FOUND}
     */
    public BlockNode node(String nodeName) {
        return names.get(nodeName);
    }

    /** The names that the option {@code driver} may have. */
    public Set<String> driverNames() {
        return opener.schema().drivers().keySet();
    }

    /** The options that nodes may have. */
    public NodeSchema schema() {
        return opener.schema();
    }

    /**
     * What can be done with images of a format besides opening them; empty for a driver that has no such format, or is none.
     */
    public Optional<ImageFormat> imageFormat(String driverName) {
        return opener.schema().find(driverName) instanceof FormatDriver format
                ? format.imageFormat()
                : Optional.empty();
    }

    /** All nodes, children before their parents. */
    public List<BlockNode> nodes() {
        return List.copyOf(names.all());
    }

    /**
     * What a node is.
     *
     * @throws BlockException of kind {@link BlockErrorKind#NOT_FOUND}
     */
    public NodeInfo info(String nodeName) {
        GraphNode node = names.get(nodeName);
        NodeState state = node.state();
        CommonOptions common = state.options();
        return new NodeInfo(
                node,
                state.described(),
                common.detectZeroes().name().toLowerCase(Locale.ROOT),
                common.cacheDirect(),
                common.cacheNoFlush(),
                state.device().children().stream().map(BlockNode::nodeName).toList(),
                state.roles());
    }

    /** The groups that nodes of the driver {@code throttle} refer to. */
    public ThrottleGroups throttleGroups() {
        return throttleGroups;
    }

    /** What the node was asked for so far. */
    public NodeStatistics statistics(String nodeName) {
        return names.get(nodeName).counters().snapshot();
    }

    /**
     * A new user of a node. What a subscriber that has cancelled meanwhile would have got is closed.
     *
     * @return fails with {@link BlockErrorKind#BUSY} where the permissions conflict with those of other users, and with
     *     {@link BlockErrorKind#READ_ONLY} where a read-only node would be written to
     */
    public Mono<BlockBackend> attach(BlockNode node, Permissions permissions) {
        return Mono.defer(() -> {
            Mono<BlockBackend> attached = attachNow(node, permissions).cache();
            var settled = new AtomicBoolean();
            return attached.doOnNext(backend -> settled.set(true)).doOnCancel(() -> {
                if (settled.compareAndSet(false, true)) {
                    attached.flatMap(BlockBackend::close)
                            .subscribe(
                                    nothing -> {}, failure -> log.debug("An attach that was given up failed", failure));
                }
            });
        });
    }

    private Mono<BlockBackend> attachNow(BlockNode node, Permissions permissions) {
        return additions.run(() -> turns.inTurn(() -> {
            GraphNode target = names.get(node.nodeName());
            if (target != node) {
                throw BlockException.of(
                        BlockErrorKind.CLOSED, "Node '" + node.nodeName() + "' was removed from the graph");
            }
            var backend = new Backend(target, permissions, listening, new FileHold(turns), this::detach);
            return new PermissionPlan()
                    .add(NodeUser.backend(backend, target), permissions)
                    .apply()
                    .doOnSuccess(nothing -> drain.attached(backend))
                    .thenReturn(backend);
        }));
    }

    private Mono<Void> detach(Backend backend) {
        return turns.inTurn(() -> {
            var plan = new PermissionPlan();
            backend.node().users().stream()
                    .filter(user -> user.backend() == backend)
                    .forEach(plan::remove);
            return plan.applyAnyway().doOnSuccess(nothing -> drain.detached(backend));
        });
    }

    /**
     * Holds back the requests of every backend at or above the node and completes when none is in flight. Backends that
     * are attached meanwhile are drained too. Nests.
     */
    public Mono<Void> drainedBegin(BlockNode node) {
        return drain.begin(names, node.nodeName());
    }

    /** Ends one {@link #drainedBegin}. */
    public void drainedEnd(BlockNode node) {
        drain.end(names.get(node.nodeName()));
    }

    /**
     * Closes a node, and the children that were described in place and that nobody else uses.
     *
     * @return fails with {@link BlockErrorKind#BUSY} while the node has backends or parents
     */
    public Mono<Void> remove(String nodeName) {
        return turns.inTurn(() -> {
            GraphNode node = names.get(nodeName, "Failed to find node with node-name='" + nodeName + "'");
            String backed = SnapshotPlan.parentByBacking(node);
            if (backed != null) {
                throw SnapshotPlan.isBacking(nodeName, backed);
            }
            if (!node.users().isEmpty()) {
                boolean child = node.users().stream().anyMatch(user -> user.parent() != null);
                throw BlockException.of(
                        BlockErrorKind.BUSY, (child ? "Block device " : "Node ") + nodeName + " is in use");
            }
            return opener.close(node);
        });
    }

    /**
     * Closes all backends, then all nodes, parents first, then stops the pool. Idempotent; the first failure is reported.
     * What an abandoned backend still uses is closed when it is free.
     */
    public Mono<Void> close() {
        return closing;
    }

    private Mono<Void> shut() {
        opener.shut();
        return additions.close().then(Mono.defer(this::closeAll));
    }

    private Mono<Void> closeAll() {
        List<Backend> backends = names.all().stream()
                .flatMap(node -> node.users().stream())
                .flatMap(user -> Stream.ofNullable(user.backend()))
                .toList();
        List<Mono<Void>> closed = backends.stream()
                .map(backend -> Mono.firstWithSignal(backend.close(), backend.onAbandon()))
                .toList();
        return Mono.whenDelayError(closed)
                .onErrorResume(failure -> closeNodes().then(Mono.error(failure)))
                .then(Mono.defer(this::closeNodes))
                .doOnTerminate(() ->
                        closeAfter(backends.stream().filter(Backend::abandoned).toList()));
    }

    private void closeAfter(List<Backend> abandoned) {
        if (abandoned.isEmpty()) {
            blocking.close();
            return;
        }
        Mono.whenDelayError(abandoned.stream().map(Backend::close).toList())
                .onErrorComplete()
                .then(Mono.defer(this::closeNodes))
                .doOnTerminate(blocking::close)
                .subscribe(nothing -> {}, failure -> log.warn("A node could not be closed", failure));
    }

    private Mono<Void> closeNodes() {
        return turns.inTurn(opener::closeAll);
    }

    /** What a graph is made of. */
    public static final class Builder {
        private final Map<String, BlockDriver> drivers = new LinkedHashMap<>();
        private int blockingThreads = 16;
        private ImplicitOpenPolicy implicitOpenPolicy = ImplicitOpenPolicy.DENY_ALL;
        private Predicate<Path> ownFiles = path -> false;
        private ThrottleGroups throttleGroups = new ThrottleGroups();

        private Builder() {
            for (BlockDriver driver : ServiceLoader.load(BlockDriver.class, BlockGraph.class.getClassLoader())) {
                drivers.put(driver.name(), driver);
            }
        }

        /** Adds a driver, or replaces the one of the same name. */
        public Builder driver(BlockDriver driver) {
            drivers.put(driver.name(), driver);
            return this;
        }

        /**
         * The most threads that calls which block may use. Defaults to 16.
         *
         * @param threads 1 to 1024
         */
        public Builder blockingThreads(int threads) {
            if (threads < 1 || threads > 1024) {
                throw new IllegalArgumentException("blockingThreads must be 1 to 1024, was " + threads);
            }
            blockingThreads = threads;
            return this;
        }

        /** Which files images may open by themselves. Defaults to none. */
        public Builder implicitOpenPolicy(ImplicitOpenPolicy policy) {
            implicitOpenPolicy = policy;
            return this;
        }

        /**
         * Tells the files that this process serves itself, which are refused as images. Defaults to none.
         *
         * @param ownFiles asked on the pool before a file is touched; may block
         */
        public Builder ownFiles(Predicate<Path> ownFiles) {
            this.ownFiles = ownFiles;
            return this;
        }

        /** Groups that the graph shares with others. Defaults to groups of its own. */
        public Builder throttleGroups(ThrottleGroups groups) {
            throttleGroups = groups;
            return this;
        }

        public BlockGraph build() {
            return new BlockGraph(this);
        }
    }
}
