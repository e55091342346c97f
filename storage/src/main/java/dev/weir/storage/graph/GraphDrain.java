package dev.weir.storage.graph;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Drained nodes: every backend at or above one is drained as often as the nodes below it are. */
final class GraphDrain {
    private final Map<GraphNode, Integer> drained = new HashMap<>();
    private final Set<Backend> attached = new HashSet<>();

    Mono<Void> begin(NodeNames names, String nodeName) {
        return Mono.defer(() -> begin(names.get(nodeName)));
    }

    /** Holds requests back at once; the result completes when none is in flight. */
    Mono<Void> begin(GraphNode node) {
        List<Mono<Void>> idle = new ArrayList<>();
        synchronized (this) {
            drained.merge(node, 1, Integer::sum);
            for (Backend backend : above(node)) {
                idle.add(backend.gate().beginNow());
            }
        }
        return Flux.fromIterable(idle).concatMap(mono -> mono).then();
    }

    /** Not under the lock: what was held back is issued here, and may complete here. */
    void end(GraphNode node) {
        Set<Backend> backends;
        synchronized (this) {
            if (!drained.containsKey(node)) {
                throw new IllegalStateException("drainedEnd without drainedBegin on node '" + node.nodeName() + "'");
            }
            drained.computeIfPresent(node, (key, times) -> times == 1 ? null : times - 1);
            backends = above(node);
        }
        backends.forEach(Backend::drainedEnd);
    }

    /** A backend came while a node at or below its own may be drained. */
    synchronized void attached(Backend backend) {
        attached.add(backend);
        drained.forEach((node, times) -> {
            if (above(node).contains(backend)) {
                for (int i = 0; i < times; i++) {
                    backend.gate().beginNow();
                }
            }
        });
    }

    /**
     * Makes a change of what lies above what: backends that come to lie above a drained node are drained, and those that
     * did lie there are no more. Not under the lock, as {@link #end}.
     */
    void rewire(Runnable change) {
        List<Backend> freed = new ArrayList<>();
        synchronized (this) {
            Map<GraphNode, Set<Backend>> before = new HashMap<>();
            drained.keySet().forEach(node -> before.put(node, above(node)));
            change.run();
            drained.forEach((node, times) -> {
                Set<Backend> former = before.getOrDefault(node, Set.of());
                Set<Backend> now = above(node);
                for (int i = 0; i < times; i++) {
                    now.stream()
                            .filter(backend -> !former.contains(backend))
                            .forEach(backend -> backend.gate().beginNow());
                    former.stream().filter(backend -> !now.contains(backend)).forEach(freed::add);
                }
            });
        }
        freed.forEach(Backend::drainedEnd);
    }

    /** The devices below these nodes are others now. */
    void devicesChanged(Collection<GraphNode> nodes) {
        Set<Backend> backends = new LinkedHashSet<>();
        synchronized (this) {
            nodes.forEach(node -> backends.addAll(above(node)));
        }
        backends.forEach(Backend::devicesChanged);
    }

    synchronized void detached(Backend backend) {
        attached.remove(backend);
    }

    /** Fails where a user above one of these nodes relies on the file below it. */
    synchronized void requireNoneHoldsFile(Collection<GraphNode> nodes) {
        nodes.forEach(node -> above(node).forEach(backend -> backend.fileHold().requireNone(backend.node())));
    }

    private Set<Backend> above(GraphNode node) {
        Set<Backend> backends = new LinkedHashSet<>();
        collect(node, backends);
        backends.retainAll(attached);
        return backends;
    }

    private static void collect(GraphNode node, Set<Backend> backends) {
        for (NodeUser user : node.users()) {
            Backend backend = user.backend();
            GraphNode parent = user.parent();
            if (backend != null) {
                backends.add(backend);
            } else if (parent != null) {
                collect(parent, backends);
            }
        }
    }
}
