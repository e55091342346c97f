package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.Permission;
import dev.weir.storage.Permissions;
import dev.weir.storage.spi.BlockDevice;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A change of what users do with nodes: first thought through for the whole graph below, then told to the devices, and
 * only then in force. Used within a turn.
 */
final class PermissionPlan {
    private static final Logger log = LoggerFactory.getLogger(PermissionPlan.class);

    private final Map<NodeUser, Permissions> users = new LinkedHashMap<>();
    private final Set<NodeUser> added = new LinkedHashSet<>();
    private final Set<NodeUser> removed = new LinkedHashSet<>();
    private final Set<GraphNode> reopened = new LinkedHashSet<>();
    /** Whose users may have changed, in the order in which that showed. */
    private final Set<GraphNode> looked = new LinkedHashSet<>();
    /** Children before their parents. */
    private final Map<GraphNode, Permissions> nodes = new LinkedHashMap<>();

    /** A new user. */
    PermissionPlan add(NodeUser user, Permissions permissions) {
        added.add(user);
        users.put(user, permissions);
        return this;
    }

    /** A user goes. */
    PermissionPlan remove(NodeUser user) {
        removed.add(user);
        return this;
    }

    /** A node has another device, or became read-only or writable. Parents come before their children. */
    PermissionPlan reopened(GraphNode node) {
        reopened.add(node);
        return this;
    }

    /** Makes the change. On failure nothing has changed. */
    Mono<Void> apply() {
        return apply(Runnable::run);
    }

    /** @param committing runs what makes the change known to the graph, when all devices have agreed */
    Mono<Void> apply(Consumer<Runnable> committing) {
        Set<GraphNode> changed = new LinkedHashSet<>(reopened);
        added.forEach(user -> changed.add(user.node()));
        removed.forEach(user -> changed.add(user.node()));
        changed.forEach(this::plan);
        looked.forEach(this::check);
        List<GraphNode> told = new ArrayList<>();
        return Flux.fromIterable(inOrder())
                .concatMap(entry ->
                        tell(entry.getKey(), entry.getValue()).doOnSuccess(nothing -> told.add(entry.getKey())))
                .then()
                .doOnSuccess(nothing -> committing.accept(this::commit))
                .onErrorResume(failure -> undo(told).then(Mono.error(failure)));
    }

    /**
     * Children take first what their parents need of them, and parents give back first: until then they may have something to
     * write.
     */
    private List<Map.Entry<GraphNode, Permissions>> inOrder() {
        List<Map.Entry<GraphNode, Permissions>> taking = new ArrayList<>();
        List<Map.Entry<GraphNode, Permissions>> giving = new ArrayList<>();
        for (Map.Entry<GraphNode, Permissions> entry : nodes.entrySet()) {
            boolean gives = entry.getKey()
                    .permissions()
                    .used()
                    .containsAll(entry.getValue().used());
            (gives ? giving : taking).add(entry);
        }
        Collections.reverse(giving);
        taking.addAll(giving);
        return taking;
    }

    /** Makes a change that only gives back; a device that fails is logged and does not keep it. */
    Mono<Void> applyAnyway() {
        return Mono.defer(this::apply).onErrorResume(failure -> {
            log.warn("A device did not take back permissions: {}", failure.toString());
            commit();
            return Mono.empty();
        });
    }

    private void plan(GraphNode node) {
        looked.add(node);
        Permissions together = Permissions.NONE;
        for (NodeUser user : usersOf(node)) {
            together = together.and(planned(user));
        }
        boolean former = together.equals(node.permissions());
        boolean planned = nodes.remove(node) != null;
        if (former && !planned && !reopened.contains(node)) {
            return;
        }
        BlockDevice device = node.device();
        for (NodeUser edge : edgesOf(node)) {
            users.put(edge, device.childPermissions(edge.node(), together));
            plan(edge.node());
        }
        if (!former) {
            nodes.put(node, together);
        }
    }

    private void check(GraphNode node) {
        List<NodeUser> all = usersOf(node);
        for (NodeUser user : all) {
            requireNoConflict(node, user, all);
        }
        if (node.readOnly() && changesData(nodes.getOrDefault(node, node.permissions()))) {
            String name = "'" + node.nodeName() + "'";
            throw BlockException.of(
                    BlockErrorKind.READ_ONLY,
                    reopened.contains(node)
                            ? "Read-only block node " + name + " cannot support read-write users"
                            : "Block node " + name + " is read-only");
        }
    }

    private List<NodeUser> usersOf(GraphNode node) {
        List<NodeUser> all = new ArrayList<>(node.users());
        added.stream().filter(user -> user.node() == node).forEach(all::add);
        all.removeAll(removed);
        return all;
    }

    private void requireNoConflict(GraphNode node, NodeUser user, List<NodeUser> all) {
        for (NodeUser other : all) {
            Set<Permission> conflict = EnumSet.noneOf(Permission.class);
            conflict.addAll(planned(user).used());
            conflict.removeAll(planned(other).shared());
            if (other != user && !conflict.isEmpty()) {
                String names = conflict.stream().map(Permission::text).collect(Collectors.joining(", "));
                throw BlockException.of(
                        BlockErrorKind.BUSY,
                        "Permission conflict on node '" + node.nodeName() + "': permissions '" + names
                                + "' are both required by " + user.text() + " and unshared by " + other.text() + ".");
            }
        }
    }

    private List<NodeUser> edgesOf(GraphNode parent) {
        List<NodeUser> edges = new ArrayList<>();
        for (var child : parent.device().children()) {
            for (NodeUser user : ((GraphNode) child).users()) {
                if (user.parent() == parent && !removed.contains(user)) {
                    edges.add(user);
                }
            }
        }
        added.stream().filter(user -> user.parent() == parent).forEach(edges::add);
        return edges;
    }

    private Permissions planned(NodeUser user) {
        return users.getOrDefault(user, user.permissions());
    }

    private static boolean changesData(Permissions permissions) {
        return permissions.used().contains(Permission.WRITE)
                || permissions.used().contains(Permission.RESIZE);
    }

    private static Mono<Void> tell(GraphNode node, Permissions permissions) {
        return Failures.called(
                node.nodeName(), "permissions", () -> node.device().permissionsChanged(permissions));
    }

    private Mono<Void> undo(List<GraphNode> told) {
        Collections.reverse(told);
        return Flux.fromIterable(told)
                .concatMap(node -> tell(node, node.permissions()).onErrorResume(failure -> {
                    log.warn("Node {} did not take back permissions: {}", node.nodeName(), failure.toString());
                    return Mono.empty();
                }))
                .then();
    }

    private void commit() {
        removed.forEach(user -> user.node().users().remove(user));
        users.forEach(NodeUser::permissions);
        added.forEach(user -> user.node().users().add(user));
        nodes.forEach(GraphNode::permissions);
    }
}
