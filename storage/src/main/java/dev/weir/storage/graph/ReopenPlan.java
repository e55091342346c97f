package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permission;
import dev.weir.storage.spi.OptionReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which nodes are to be reopened and how: those that were asked for, and the children that they describe in place. What
 * can be seen to fail without touching anything fails here. Touches nothing.
 */
final class ReopenPlan {
    /**
     * One node.
     *
     * @param parent options that stand where the node sets none
     * @param opened for the driver: children are references
     * @param described to be told to those who ask
     */
    record Entry(
            GraphNode node, CommonOptions parent, CommonOptions common, NodeOptions opened, NodeOptions described) {}

    private final NodeOpener opener;
    private final Map<GraphNode, Entry> entries = new LinkedHashMap<>();

    private ReopenPlan(NodeOpener opener) {
        this.opener = opener;
    }

    static NodeChange of(List<NodeOptions> nodes, NodeOpener opener) {
        var plan = new ReopenPlan(opener);
        nodes.forEach(plan::check);
        nodes.forEach(plan::add);
        List<GraphNode> parentsFirst = new ArrayList<>(plan.entries.keySet());
        Collections.reverse(parentsFirst);
        parentsFirst.forEach(plan::requireNoWriter);
        return new NodeChange(plan.entries(), plan.entries.keySet(), List.of(), null);
    }

    /** Children before their parents, as they will be. */
    private List<Entry> entries() {
        Set<Entry> sorted = new LinkedHashSet<>();
        Set<Entry> seen = new LinkedHashSet<>();
        entries.values().forEach(entry -> childrenFirst(entry, seen, sorted));
        return List.copyOf(sorted);
    }

    private void childrenFirst(Entry entry, Set<Entry> seen, Set<Entry> sorted) {
        if (!seen.add(entry)) {
            return;
        }
        for (Object value : entry.opened.values().values()) {
            String name = reference(value);
            for (Entry other : entries.values()) {
                if (other.node.nodeName().equals(name)) {
                    childrenFirst(other, seen, sorted);
                }
            }
        }
        sorted.add(entry);
    }

    /** Refuses what no such node can have, before anything else is looked at. */
    private void check(NodeOptions options) {
        var reader = new OptionReader(options);
        GraphNode node = opener.names().find(String.valueOf(reader.string("node-name", null)));
        if (node != null && node.driverName().equals(reader.string("driver", null))) {
            opener.schema().check(node.state(), options);
        } else {
            opener.schema().check(options);
        }
    }

    private void add(NodeOptions options) {
        String name = new OptionReader(options).string("node-name", null);
        if (name == null) {
            throw invalid("node-name not specified");
        }
        add(
                opener.names().get(name, "Failed to find node with node-name='" + name + "'"),
                options,
                CommonOptions.DEFAULTS);
    }

    private void add(GraphNode node, NodeOptions options, CommonOptions parent) {
        if (entries.containsKey(node)) {
            throw invalid("Node '" + node.nodeName() + "' cannot be reopened twice at a time");
        }
        if (!new OptionReader(options).string("driver").equals(node.driverName())) {
            throw cannotChange("driver");
        }
        NodeState state = node.state();
        CommonOptions common = CommonOptions.take(opener.schema().reader(state, options), parent);
        if (common.nodeName() != null && !common.nodeName().equals(node.nodeName())) {
            throw cannotChange("node-name");
        }
        if (common.forceShare() != state.options().forceShare()) {
            throw cannotChange("force-share");
        }
        ReopenOptions.requireSame(state, options);
        NodeOptions opened = options;
        NodeOptions described = options;
        for (Map.Entry<String, GraphNode> edge : state.children().entrySet()) {
            String key = edge.getKey();
            GraphNode child = edge.getValue();
            @Nullable NodeOptions inPlace = inPlace(state, key, child, options);
            if (inPlace != null) {
                add(child, inPlace.at(options.path() + key + "."), common);
                opened = ReopenOptions.with(opened, key, NodeOptions.reference(child.nodeName()));
                described = ReopenOptions.with(described, key, inPlace);
            }
        }
        entries.put(node, new Entry(node, parent, common, opened, described));
    }

    /** The options of a child that its parent described in place, where it stays that; null for a reference. */
    private static @Nullable NodeOptions inPlace(NodeState state, String key, GraphNode child, NodeOptions options) {
        @Nullable Object value = options.values().get(key);
        boolean own = child.implicit() && reference(state.described().values().get(key)) == null;
        String name = reference(value);
        if (name != null) {
            return own && name.equals(child.nodeName()) ? child.state().described() : null;
        }
        if (!(value instanceof NodeOptions described) || described.isNull()) {
            return null;
        }
        if (!own) {
            throw cannotChange(key + ".driver");
        }
        return described;
    }

    /** Of what changes its contents by itself, or by a parent that stays what it is. */
    private void requireNoWriter(GraphNode node) {
        if (!entry(node).common.readOnly()) {
            return;
        }
        for (NodeUser user : node.users()) {
            Set<Permission> used = user.permissions().used();
            boolean writes = used.contains(Permission.WRITE) || used.contains(Permission.RESIZE);
            GraphNode parent = user.parent();
            if (writes && (parent == null || !entries.containsKey(parent))) {
                throw BlockException.of(
                        BlockErrorKind.READ_ONLY,
                        "Read-only block node '" + node.nodeName() + "' cannot support read-write users");
            }
        }
    }

    private Entry entry(GraphNode node) {
        Entry entry = entries.get(node);
        if (entry == null) {
            throw new IllegalStateException("node '" + node.nodeName() + "' is not reopened");
        }
        return entry;
    }

    /** The name of the node that the value of a child's option refers to; null where it describes one. */
    static @Nullable String reference(@Nullable Object value) {
        if (value instanceof NodeOptions options) {
            return options.isReference() ? new OptionReader(options).string("reference") : null;
        }
        return value instanceof String name ? name : null;
    }

    static BlockException cannotChange(String option) {
        return invalid("Cannot change the option '" + option + "'");
    }

    private static BlockException invalid(String message) {
        return BlockException.of(BlockErrorKind.INVALID, message);
    }
}
