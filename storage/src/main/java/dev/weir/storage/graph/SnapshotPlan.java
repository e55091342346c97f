package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permission;
import dev.weir.storage.spi.BlockDriver;
import dev.weir.storage.spi.FilterDriver;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a node gets an overlay: the overlay is reopened with the node as its backing file, the node's parents are with the
 * overlay as their child, and its backends move. Touches nothing.
 */
final class SnapshotPlan {
    private static final String BACKING = "backing";

    private final GraphNode node;
    private final GraphNode overlay;

    private SnapshotPlan(GraphNode node, GraphNode overlay) {
        this.node = node;
        this.overlay = overlay;
    }

    static NodeChange of(String nodeName, String overlayName, NodeNames names) {
        GraphNode node = find(nodeName, names);
        String parent = parentByBacking(node);
        if (parent != null) {
            throw isBacking(nodeName, parent);
        }
        var plan = new SnapshotPlan(node, find(overlayName, names));
        plan.requireOverlay();
        return plan.change();
    }

    private static GraphNode find(String name, NodeNames names) {
        return names.get(name, "Cannot find device='" + name + "' nor node-name='" + name + "'");
    }

    /** The name of a node that has this one as its backing file; null where none has. */
    static @Nullable String parentByBacking(GraphNode node) {
        for (NodeUser user : node.users()) {
            GraphNode parent = user.parent();
            if (parent != null && parent.state().children().get(BACKING) == node) {
                return parent.nodeName();
            }
        }
        return null;
    }

    static BlockException isBacking(String nodeName, String parentName) {
        return BlockException.of(
                BlockErrorKind.BUSY,
                "Node '" + nodeName + "' is busy: node is used as backing hd of '" + parentName + "'");
    }

    private void requireOverlay() {
        BlockDriver driver = overlay.state().driver();
        if (overlay.permissions().used().contains(Permission.CONSISTENT_READ)) {
            throw BlockException.of(BlockErrorKind.BUSY, "The overlay is already in use");
        }
        if (driver instanceof FilterDriver) {
            throw refused("Filters cannot be used as overlays");
        }
        if (overlay.state().children().containsKey(BACKING)) {
            throw refused("The overlay already has a backing image");
        }
        if (driver == null || driver.options().find(BACKING) == null) {
            throw refused("The overlay does not support backing images");
        }
        if (overlay.readOnly() && node.permissions().writes()) {
            throw BlockException.of(BlockErrorKind.READ_ONLY, "Block node is read-only");
        }
    }

    private NodeChange change() {
        List<ReopenPlan.Entry> entries = new ArrayList<>();
        entries.add(with(overlay, BACKING, node));
        List<NodeUser> moving = new ArrayList<>();
        for (NodeUser user : node.users()) {
            GraphNode parent = user.parent();
            if (parent == null) {
                moving.add(user);
            } else if (!reaches(overlay, parent)) {
                entries.add(with(parent, keyOf(parent), overlay));
            }
        }
        Set<GraphNode> drained = new LinkedHashSet<>(List.of(node, overlay));
        return new NodeChange(entries, drained, moving, overlay);
    }

    /** To give such a parent the overlay as a child would make a loop. */
    private static boolean reaches(GraphNode from, GraphNode to) {
        if (from == to) {
            return true;
        }
        for (BlockNode child : from.device().children()) {
            if (reaches((GraphNode) child, to)) {
                return true;
            }
        }
        return false;
    }

    private String keyOf(GraphNode parent) {
        for (Map.Entry<String, GraphNode> child : parent.state().children().entrySet()) {
            if (child.getValue() == node) {
                return child.getKey();
            }
        }
        throw refused("Node '" + parent.nodeName() + "' cannot have another child");
    }

    /** The node with another child, and otherwise as it is. */
    private static ReopenPlan.Entry with(GraphNode parent, String key, GraphNode child) {
        NodeState state = parent.state();
        NodeOptions opened = state.described();
        for (Map.Entry<String, GraphNode> present : state.children().entrySet()) {
            opened = ReopenOptions.with(
                    opened,
                    present.getKey(),
                    NodeOptions.reference(present.getValue().nodeName()));
        }
        NodeOptions reference = NodeOptions.reference(child.nodeName());
        return new ReopenPlan.Entry(
                parent,
                state.options(),
                state.options(),
                ReopenOptions.with(opened, key, reference),
                ReopenOptions.with(state.described(), key, reference));
    }

    private static BlockException refused(String message) {
        return BlockException.of(BlockErrorKind.INVALID, message);
    }
}
