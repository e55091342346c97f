package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The nodes of a graph by name, and the names of those that are being opened. */
final class NodeNames {
    /** What a node was opened with. */
    record Description(NodeOptions options, CommonOptions common) {}

    private final Map<String, GraphNode> nodes = new LinkedHashMap<>();
    private final Map<String, Description> descriptions = new HashMap<>();
    private final Set<String> reserved = new HashSet<>();
    private int generated;

    /** Takes the name, or makes one up. It is free again after {@link #release}. */
    synchronized String reserve(@Nullable String wanted) {
        String name = wanted;
        while (name == null || (wanted == null && reserved.contains(name))) {
            String number = Integer.toString(generated++);
            name = "#block" + "0".repeat(Math.max(0, 3 - number.length())) + number;
        }
        if (!reserved.add(name)) {
            throw BlockException.of(BlockErrorKind.INVALID, "Duplicate nodes with node-name='" + name + "'");
        }
        return name;
    }

    synchronized void put(GraphNode node, Description description) {
        nodes.put(node.nodeName(), node);
        descriptions.put(node.nodeName(), description);
    }

    synchronized Description description(String name) {
        get(name);
        return Objects.requireNonNull(descriptions.get(name));
    }

    synchronized void release(String name) {
        nodes.remove(name);
        descriptions.remove(name);
        reserved.remove(name);
    }

    GraphNode get(String name) {
        return get(name, "Cannot find device='' nor node-name='" + name + "'");
    }

    /** @param otherwise the message where there is none */
    synchronized GraphNode get(String name, String otherwise) {
        GraphNode node = nodes.get(name);
        if (node == null) {
            throw BlockException.of(BlockErrorKind.NOT_FOUND, otherwise);
        }
        return node;
    }

    synchronized List<GraphNode> all() {
        return new ArrayList<>(nodes.values());
    }
}
