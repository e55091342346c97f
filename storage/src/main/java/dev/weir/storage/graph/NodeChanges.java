package dev.weir.storage.graph;

import dev.weir.storage.BlockNode;
import dev.weir.storage.DataChanges;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;

/** Counts the changes of data that backends of one node made, each when it has ended. Any thread. */
final class NodeChanges {
    private final LongAdder count = new LongAdder();
    private volatile long lastMillis;

    void ended() {
        long now = System.currentTimeMillis();
        if (lastMillis != now) {
            lastMillis = now;
        }
        count.increment();
    }

    /**
     * The changes of everything that shares data with a node: what lies above and below it, and above that.
     *
     * @param own changes that do not count
     */
    static DataChanges around(GraphNode node, long own) {
        long last = 0;
        long sum = -own;
        for (GraphNode each : nodesAround(node)) {
            last = Math.max(last, each.changes().lastMillis);
            sum += each.changes().count.sum();
        }
        return new DataChanges(sum, last);
    }

    /** Everything that shares data with a node, and the node. */
    static Set<GraphNode> nodesAround(GraphNode node) {
        Set<GraphNode> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        collect(node, seen);
        return seen;
    }

    private static void collect(GraphNode node, Set<GraphNode> seen) {
        if (!seen.add(node)) {
            return;
        }
        for (NodeUser user : node.users()) {
            GraphNode parent = user.parent();
            if (parent != null) {
                collect(parent, seen);
            }
        }
        for (BlockNode child : node.device().children()) {
            if (child instanceof GraphNode below) {
                collect(below, seen);
            }
        }
    }
}
