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

    /** Makes the change. On failure nothing has changed. */
    Mono<Void> apply() {
        Set<GraphNode> changed = new LinkedHashSet<>();
        added.forEach(user -> changed.add(user.node()));
        removed.forEach(user -> changed.add(user.node()));
        changed.forEach(this::plan);
        List<GraphNode> told = new ArrayList<>();
        return Flux.fromIterable(inOrder())
                .concatMap(entry ->
                        tell(entry.getKey(), entry.getValue()).doOnSuccess(nothing -> told.add(entry.getKey())))
                .then()
                .doOnSuccess(nothing -> commit())
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
        List<NodeUser> all = new ArrayList<>(node.users());
        added.stream().filter(user -> user.node() == node).forEach(all::add);
        all.removeAll(removed);
        Permissions together = Permissions.NONE;
        for (NodeUser user : all) {
            requireNoConflict(node, user, all);
            together = together.and(planned(user));
        }
        if (node.readOnly() && changesData(together)) {
            throw BlockException.of(BlockErrorKind.READ_ONLY, "Block node '" + node.nodeName() + "' is read-only");
        }
        nodes.remove(node);
        if (together.equals(node.permissions())) {
            return;
        }
        BlockDevice device = node.device();
        for (NodeUser edge : edgesOf(node)) {
            users.put(edge, device.childPermissions(edge.node(), together));
            plan(edge.node());
        }
        nodes.put(node, together);
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
