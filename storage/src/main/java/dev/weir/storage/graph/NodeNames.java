package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The nodes of a graph by name, and the names of those that are being opened. */
final class NodeNames {
    private final Map<String, GraphNode> nodes = new LinkedHashMap<>();
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

    synchronized void put(GraphNode node) {
        nodes.put(node.nodeName(), node);
    }

    /** Puts children before their parents again; what is in order stays where it is. */
    synchronized void sort() {
        Set<GraphNode> sorted = new LinkedHashSet<>();
        nodes.values().forEach(node -> childrenFirst(node, sorted));
        nodes.clear();
        sorted.forEach(node -> nodes.put(node.nodeName(), node));
    }

    private static void childrenFirst(GraphNode node, Set<GraphNode> sorted) {
        if (!sorted.contains(node)) {
            node.device().children().forEach(child -> childrenFirst((GraphNode) child, sorted));
            sorted.add(node);
        }
    }

    synchronized void release(String name) {
        nodes.remove(name);
        reserved.remove(name);
    }

    GraphNode get(String name) {
        return get(name, "Cannot find device='' nor node-name='" + name + "'");
    }

    /** Null where there is none. */
    synchronized @Nullable GraphNode find(String name) {
        return nodes.get(name);
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
