package dev.weir.storage.graph;

import java.util.ArrayList;
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
        return Mono.defer(() -> {
            GraphNode node = names.get(nodeName);
            List<Mono<Void>> idle = new ArrayList<>();
            synchronized (this) {
                drained.merge(node, 1, Integer::sum);
                for (Backend backend : above(node)) {
                    idle.add(backend.gate().beginNow());
                }
            }
            return Flux.fromIterable(idle).concatMap(mono -> mono).then();
        });
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

    synchronized void detached(Backend backend) {
        attached.remove(backend);
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
