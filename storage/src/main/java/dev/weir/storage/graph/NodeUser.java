package dev.weir.storage.graph;

import dev.weir.storage.Permissions;
import org.jspecify.annotations.Nullable;

/** One user of a node: a backend, or a parent node. */
final class NodeUser {
    private final GraphNode node;
    private final @Nullable GraphNode parent;
    private final @Nullable Backend backend;
    private volatile Permissions permissions = Permissions.NONE;

    private NodeUser(GraphNode node, @Nullable GraphNode parent, @Nullable Backend backend) {
        this.node = node;
        this.parent = parent;
        this.backend = backend;
    }

    static NodeUser parent(GraphNode parent, GraphNode child) {
        return new NodeUser(child, parent, null);
    }

    static NodeUser backend(Backend backend, GraphNode node) {
        return new NodeUser(node, null, backend);
    }

    /** The node that is used. */
    GraphNode node() {
        return node;
    }

    @Nullable
    GraphNode parent() {
        return parent;
    }

    @Nullable
    Backend backend() {
        return backend;
    }

    Permissions permissions() {
        return permissions;
    }

    void permissions(Permissions granted) {
        permissions = granted;
    }

    /** As in messages about conflicts. */
    String text() {
        String who = parent == null ? "an unnamed block device" : "node '" + parent.nodeName() + "'";
        String role = parent == null ? "root" : "file";
        return who + " (uses node '" + node.nodeName() + "' as '" + role + "' child)";
    }
}
