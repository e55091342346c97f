package dev.weir.storage.graph;

import static dev.weir.storage.BlockBackend.ChangeListener.TO_THE_END;

import dev.weir.storage.BlockBackend.ChangeListener;
import dev.weir.storage.BlockNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/** The backends of a graph that want to hear of changes that others make. While there is none, nobody looks for any. */
final class ChangeListeners {
    private static final Logger log = LoggerFactory.getLogger(ChangeListeners.class);

    private final AtomicInteger count = new AtomicInteger();

    /** Whether anybody in the graph listens. */
    boolean any() {
        return count.get() != 0;
    }

    void count(int more) {
        count.addAndGet(more);
    }

    /**
     * A backend changed a range of its node. Users of the same node are told of the range; elsewhere it may be any other.
     *
     * @return ends when the backend's user may be told; null for at once
     */
    @Nullable
    Mono<Void> changed(Backend by, long offset, long length) {
        List<Mono<Void>> told = new ArrayList<>();
        GraphNode node = by.node();
        for (GraphNode each : NodeChanges.nodesAround(node)) {
            tell(each, by, each == node ? offset : 0, each == node ? length : TO_THE_END, told);
        }
        return all(told);
    }

    /** A backend flushed: the nodes at and below its node may have written to what lies below them. */
    @Nullable
    Mono<Void> flushed(Backend by) {
        List<Mono<Void>> told = new ArrayList<>();
        Set<GraphNode> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        flushed(by.node(), by, seen, told);
        return all(told);
    }

    private static void flushed(GraphNode node, Backend by, Set<GraphNode> seen, List<Mono<Void>> told) {
        for (BlockNode child : node.device().children()) {
            if (child instanceof GraphNode below && seen.add(below)) {
                tell(below, by, 0, TO_THE_END, told);
                flushed(below, by, seen, told);
            }
        }
    }

    /** A node shows other data than before; everybody is drained, so that nobody waits for anything. */
    static void replaced(GraphNode node) {
        for (GraphNode each : NodeChanges.nodesAround(node)) {
            tell(each, null, 0, TO_THE_END, new ArrayList<>());
        }
    }

    private static void tell(GraphNode node, @Nullable Backend by, long offset, long length, List<Mono<Void>> told) {
        for (NodeUser user : node.users()) {
            Backend backend = user.backend();
            ChangeListener listener = backend == null || backend == by ? null : backend.changeListener();
            if (listener != null) {
                try {
                    told.add(listener.changed(offset, length));
                } catch (RuntimeException e) {
                    log.warn("A change listener of node {} failed", node.nodeName(), e);
                }
            }
        }
    }

    private static @Nullable Mono<Void> all(List<Mono<Void>> told) {
        return told.isEmpty() ? null : told.size() == 1 ? told.get(0) : Mono.whenDelayError(told);
    }
}
