package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockNode;
import dev.weir.storage.Permissions;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.BlockDriver;
import dev.weir.storage.spi.OptionReader;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * One transaction: nodes get their new devices one by one, children first, so that a parent is opened on what its
 * children have become; then the permissions of all of them are thought through, and only then it is in force. Until
 * then the former devices stay open, and each step can be taken back. Used once, within a turn, with no request in flight.
 */
final class Reopening {
    private static final Logger log = LoggerFactory.getLogger(Reopening.class);

    /** A node that has its new state, and what it was before. */
    private record Step(GraphNode node, NodeState former) {
        boolean replaced() {
            return node.device() != former.device();
        }

        boolean mayShowOtherData() {
            return ReopenOptions.mayShowOtherData(former, node.state());
        }
    }

    private final NodeChange change;
    private final List<ReopenPlan.Entry> childrenFirst;
    private final NodeOpener opener;
    private final GraphDrain drain;

    /** The changes of data around each node, as they were counted before. */
    private final Map<GraphNode, Long> counted = new HashMap<>();

    /** The last one first. */
    private final Deque<Step> steps = new ArrayDeque<>();

    Reopening(NodeChange change, NodeOpener opener, GraphDrain drain) {
        this.change = change;
        this.childrenFirst = change.childrenFirst();
        this.opener = opener;
        this.drain = drain;
    }

    Mono<Void> run() {
        childrenFirst.forEach(entry -> counted.put(entry.node(), count(entry.node())));
        return flush().then(Mono.defer(this::swap))
                .then(Mono.defer(this::grant))
                .onErrorResume(failure -> takeBack().then(Mono.error(failure)))
                .then(Mono.defer(this::settle));
    }

    /** Parents first: they write to their children. */
    private Mono<Void> flush() {
        List<GraphNode> nodes = new ArrayList<>();
        childrenFirst.forEach(entry -> nodes.add(0, entry.node()));
        change.drained().stream().filter(node -> !nodes.contains(node)).forEach(nodes::add);
        return Flux.fromIterable(nodes)
                .concatMap(node -> node.flushing()
                        .flushed()
                        .onErrorMap(failure -> BlockException.of(
                                failure instanceof BlockException known ? known.kind() : BlockErrorKind.IO,
                                "Error flushing node '" + node.nodeName() + "': " + failure.getMessage(),
                                failure)))
                .then();
    }

    private Mono<Void> swap() {
        return Flux.fromIterable(childrenFirst).concatMap(this::swap).then();
    }

    private Mono<Void> swap(ReopenPlan.Entry entry) {
        GraphNode node = entry.node();
        NodeState former = node.state();
        Mono<NodeState> opened = open(entry, entry.common());
        if (entry.common().autoReadOnly() && !entry.common().readOnly()) {
            opened = opened.onErrorResume(
                    NodeOpener::isReadOnly,
                    failure -> open(entry, entry.common().asReadOnly()));
        }
        return opened.flatMap(next -> takeOver(node, next.device(), former.device())
                .onErrorResume(failure -> close(node, next.device(), former).then(Mono.error(failure)))
                .then(Mono.fromRunnable(() -> {
                    steps.push(new Step(node, former));
                    node.state(next);
                })));
    }

    private Mono<NodeState> open(ReopenPlan.Entry entry, CommonOptions common) {
        return Mono.defer(() -> {
            GraphNode node = entry.node();
            NodeState former = node.state();
            OptionReader reader = opener.schema().reader(former, entry.opened());
            CommonOptions.take(reader, entry.parent());
            var context = new ReopenContext(opener, node, common);
            BlockDriver driver = former.driver();
            Mono<BlockDevice> device = driver == null
                    ? Mono.just(former.device())
                    : Failures.called(node.nodeName(), "reopen", () -> driver.reopen(former.device(), reader, context));
            return device.switchIfEmpty(Mono.error(() ->
                            BlockException.of(BlockErrorKind.IO, "Driver '" + node.driverName() + "' opened nothing")))
                    .flatMap(next -> Mono.fromSupplier(() -> {
                                ReopenOptions.requireSameKeys(former, entry.opened());
                                requireNodes(next);
                                return NodeState.of(entry.described(), common, driver, next, context.children());
                            })
                            .onErrorResume(failure -> close(node, next, former).then(Mono.error(failure))));
        });
    }

    private static void requireNodes(BlockDevice device) {
        for (BlockNode child : device.children()) {
            if (!(child instanceof GraphNode below) || below.isClosed()) {
                throw BlockException.of(
                        BlockErrorKind.INVALID, "Node '" + child.nodeName() + "' is not a node of this graph");
            }
        }
    }

    private static Mono<Void> takeOver(GraphNode node, BlockDevice next, BlockDevice former) {
        Permissions permissions = node.permissions();
        return next == former
                ? Mono.empty()
                : Failures.called(node.nodeName(), "permissions", () -> next.takeOver(former, permissions));
    }

    /** Of a device that was opened in vain. */
    private static Mono<Void> close(GraphNode node, BlockDevice device, NodeState kept) {
        return device == kept.device() ? Mono.empty() : NodeOpener.quietly(node.nodeName(), device);
    }

    private Mono<Void> grant() {
        var plan = new PermissionPlan();
        for (Step step : steps) {
            GraphNode node = step.node();
            plan.reopened(node);
            Set<BlockNode> now = new LinkedHashSet<>(node.device().children());
            Set<BlockNode> before = new LinkedHashSet<>(step.former().device().children());
            for (BlockNode child : before) {
                if (!now.contains(child)) {
                    ((GraphNode) child)
                            .users().stream()
                                    .filter(user -> user.parent() == node)
                                    .forEach(plan::remove);
                }
            }
            for (BlockNode child : now) {
                if (!before.contains(child)) {
                    plan.add(
                            NodeUser.parent(node, (GraphNode) child),
                            node.device().childPermissions(child, Permissions.NONE));
                }
            }
        }
        change.moving().forEach(user -> plan.remove(user).add(change.moved(user), user.permissions()));
        return Mono.defer(() -> plan.apply(commit -> drain.rewire(() -> {
            commit.run();
            change.move();
        })));
    }

    /** The last step first. What cannot be restored is logged: there is nothing better left to do. */
    private Mono<Void> takeBack() {
        List<GraphNode> nodes = new ArrayList<>();
        return Flux.fromIterable(List.copyOf(steps))
                .concatMap(step -> {
                    GraphNode node = step.node();
                    BlockDevice vain = node.device();
                    nodes.add(node);
                    node.state(step.former());
                    return takeOver(node, step.former().device(), vain)
                            .onErrorResume(failure -> {
                                log.warn(
                                        "Node {} could not get back what its device held: {}",
                                        node.nodeName(),
                                        failure.toString());
                                return Mono.empty();
                            })
                            .then(Mono.defer(() -> close(node, vain, step.former())));
                })
                .then(Mono.fromRunnable(() -> drain.devicesChanged(nodes)));
    }

    /** It is in force: what nobody needs any more goes. */
    private Mono<Void> settle() {
        opener.names().sort();
        List<GraphNode> nodes =
                childrenFirst.stream().map(ReopenPlan.Entry::node).toList();
        drain.devicesChanged(nodes);
        countOtherData();
        return Flux.fromIterable(List.copyOf(steps))
                .concatMap(step -> {
                    Mono<Void> closed = step.replaced()
                            ? NodeOpener.quietly(
                                    step.node().nodeName(), step.former().device())
                            : Mono.empty();
                    return closed.thenMany(
                                    Flux.fromIterable(step.former().device().children()))
                            .concatMap(child -> opener.closeIfUnused((GraphNode) child))
                            .onErrorResume(failure -> {
                                log.warn("A node could not be closed", failure);
                                return Mono.empty();
                            });
                })
                .then(Mono.fromRunnable(() -> {
                    nodes.forEach(node -> node.resizing().resizedBelow());
                    change.tellLengths();
                }));
    }

    /** The data is other data than before, which counts as a change of it. */
    private void countOtherData() {
        List<GraphNode> others =
                steps.stream().filter(Step::mayShowOtherData).map(Step::node).toList();
        others.forEach(node -> node.changes().ended());
        others.forEach(ChangeListeners::replaced);
        // Counts of nodes that came and went are in the sums, which must not happen to be what they were.
        boolean same = true;
        while (same) {
            same = false;
            for (GraphNode node : others) {
                if (counted.getOrDefault(node, -1L) == count(node)) {
                    node.changes().ended();
                    same = true;
                }
            }
        }
    }

    private static long count(GraphNode node) {
        return NodeChanges.around(node, 0).count();
    }
}
