package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.BlockDriver;
import dev.weir.storage.spi.BouncePool;
import dev.weir.storage.spi.OptionReader;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Opens nodes with their children, and closes them; a failed open leaves nothing open. */
final class NodeOpener {
    private static final Logger log = LoggerFactory.getLogger(NodeOpener.class);

    private final NodeSchema schema;
    private final Executor blocking;
    private final ImplicitOpenPolicy policy;
    private final Predicate<Path> ownFiles;
    private final NodeNames names;
    private final Turns turns;
    private final BouncePool pool = new BouncePool();
    private volatile boolean shut;

    NodeOpener(
            Map<String, BlockDriver> drivers,
            Executor blocking,
            ImplicitOpenPolicy policy,
            Predicate<Path> ownFiles,
            NodeNames names,
            Turns turns) {
        this.schema = new NodeSchema(drivers);
        this.blocking = blocking;
        this.policy = policy;
        this.ownFiles = ownFiles;
        this.names = names;
        this.turns = turns;
    }

    /** Nodes that are being opened are closed again. */
    void shut() {
        shut = true;
    }

    NodeNames names() {
        return names;
    }

    Executor blocking() {
        return blocking;
    }

    ImplicitOpenPolicy policy() {
        return policy;
    }

    Predicate<Path> ownFiles() {
        return ownFiles;
    }

    NodeSchema schema() {
        return schema;
    }

    BouncePool pool() {
        return pool;
    }

    /**
     * Opens a node, or finds the one that is referred to.
     *
     * @param parent options that stand where the node sets none
     * @param implicit whether a parent describes the node in place
     */
    Mono<GraphNode> open(NodeOptions options, CommonOptions parent, boolean implicit) {
        return open(options, parent, implicit, 0);
    }

    /** @param depth how many images lie above that name the next one in their contents */
    Mono<GraphNode> open(NodeOptions options, CommonOptions parent, boolean implicit, int depth) {
        return Mono.defer(() -> {
            if (options.isReference()) {
                String reference = new OptionReader(options).string("reference");
                return Mono.just(names.get(
                        reference, "Cannot find device='" + reference + "' nor node-name='" + reference + "'"));
            }
            if (!implicit) {
                schema.check(options);
            }
            BlockDriver driver = schema.driver(options);
            OptionReader reader = schema.reader(options);
            CommonOptions common = CommonOptions.take(reader, parent);
            String name = names.reserve(common.nodeName());
            Mono<GraphNode> opened = openAs(name, driver, reader, options, common, implicit, depth);
            if (common.autoReadOnly() && !common.readOnly()) {
                opened = opened.onErrorResume(NodeOpener::isReadOnly, failure -> {
                    OptionReader again = schema.reader(options);
                    CommonOptions.take(again, parent);
                    return openAs(name, driver, again, options, common.asReadOnly(), implicit, depth);
                });
            }
            return opened.doOnError(failure -> names.release(name));
        });
    }

    private Mono<GraphNode> openAs(
            String name,
            BlockDriver driver,
            OptionReader reader,
            NodeOptions options,
            CommonOptions common,
            boolean implicit,
            int depth) {
        return Mono.defer(() -> {
            var context = new NodeContext(this, name, common, depth);
            return Failures.called(name, "open", () -> driver.open(reader, context))
                    .switchIfEmpty(Mono.error(() ->
                            BlockException.of(BlockErrorKind.IO, "Driver '" + driver.name() + "' opened nothing")))
                    .flatMap(device -> Mono.defer(() -> {
                                var state = NodeState.of(options, common, driver, device, context.children());
                                return insert(new GraphNode(name, driver.name(), state, implicit, pool));
                            })
                            .onErrorResume(failure -> quietly(name, device).then(Mono.error(failure))))
                    .onErrorResume(failure -> closeUnused(context).then(Mono.error(failure)));
        });
    }

    /** A device that a user made. */
    Mono<GraphNode> insert(NodeOptions options, BlockDevice device) {
        return Mono.defer(() -> {
            var reader = new OptionReader(options);
            String driverName = reader.string("driver", "custom");
            CommonOptions common = CommonOptions.take(reader, CommonOptions.DEFAULTS);
            reader.end();
            String name = names.reserve(common.nodeName());
            return Mono.defer(() -> insert(new GraphNode(
                            name,
                            String.valueOf(driverName),
                            NodeState.of(options, common, null, device, Map.of()),
                            false,
                            pool)))
                    .doOnError(failure -> names.release(name));
        });
    }

    private Mono<GraphNode> insert(GraphNode node) {
        return turns.inTurn(() -> {
            if (shut) {
                throw BlockException.of(BlockErrorKind.CLOSED, "The block graph is closed");
            }
            var plan = new PermissionPlan();
            for (BlockNode child : node.device().children()) {
                if (!(child instanceof GraphNode below) || below.isClosed()) {
                    throw BlockException.of(
                            BlockErrorKind.INVALID, "Node '" + child.nodeName() + "' is not a node of this graph");
                }
                plan.add(NodeUser.parent(node, below), node.device().childPermissions(child, Permissions.NONE));
            }
            return plan.apply().doOnSuccess(nothing -> names.put(node)).thenReturn(node);
        });
    }

    /** Closes all nodes that have no users but each other; fails with the first failure, when all are closed. Within a turn. */
    Mono<Void> closeAll() {
        return Mono.defer(() -> {
            List<GraphNode> parentsFirst = names.all();
            Collections.reverse(parentsFirst);
            var first = new AtomicReference<@Nullable Throwable>();
            return Flux.fromIterable(parentsFirst)
                    .concatMap(node -> Mono.defer(() -> isUnused(node) ? close(node) : Mono.empty())
                            .onErrorResume(failure -> {
                                first.compareAndSet(null, failure);
                                return Mono.empty();
                            }))
                    .then(Mono.defer(() -> {
                        @Nullable Throwable failure = first.get();
                        return failure == null ? Mono.empty() : Mono.error(failure);
                    }));
        });
    }

    /** Closes a node without users, and children that nobody else uses. Within a turn. */
    Mono<Void> close(GraphNode node) {
        return Mono.defer(() -> {
            node.closed();
            Mono<Void> children = Flux.defer(
                            () -> Flux.fromIterable(node.device().children()))
                    .concatMap(child -> leave(node, (GraphNode) child))
                    .then();
            return Failures.called(node.nodeName(), "close", node.device()::close)
                    .onErrorResume(failure -> children.then(Mono.error(failure)))
                    .then(children)
                    .doOnTerminate(() -> names.release(node.nodeName()));
        });
    }

    private Mono<Void> leave(GraphNode parent, GraphNode child) {
        return Mono.defer(() -> {
            var plan = new PermissionPlan();
            child.users().stream().filter(user -> user.parent() == parent).forEach(plan::remove);
            return plan.applyAnyway().then(Mono.defer(() -> closeIfUnused(child)));
        });
    }

    Mono<Void> closeIfUnused(GraphNode node) {
        return node.implicit() && isUnused(node) ? close(node) : Mono.empty();
    }

    private static boolean isUnused(GraphNode node) {
        return node.users().isEmpty() && !node.isClosed();
    }

    private Mono<Void> closeUnused(NodeContext context) {
        return Flux.fromIterable(context.opened())
                .concatMap(node -> turns.inTurn(() -> closeIfUnused(node)).onErrorResume(failure -> {
                    log.warn("Closing node {} failed", node.nodeName(), failure);
                    return Mono.empty();
                }))
                .then();
    }

    static Mono<Void> quietly(String name, BlockDevice device) {
        return Failures.called(name, "close", device::close).onErrorResume(failure -> {
            log.warn("Closing the device of node {} failed", name, failure);
            return Mono.empty();
        });
    }

    static boolean isReadOnly(Throwable failure) {
        return failure instanceof BlockException e
                && (e.kind() == BlockErrorKind.READ_ONLY || e.kind() == BlockErrorKind.ACCESS_DENIED);
    }
}
