package dev.weir.storage.graph;

import dev.weir.storage.NodeOptions;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Changes what nodes are, all or none, while everybody above them is drained. */
final class NodeReopener {
    private final NodeOpener opener;
    private final Turns turns;
    private final GraphDrain drain;
    private final Additions additions;

    NodeReopener(NodeOpener opener, Turns turns, GraphDrain drain, Additions additions) {
        this.opener = opener;
        this.turns = turns;
        this.drain = drain;
        this.additions = additions;
    }

    Mono<Void> reopen(List<NodeOptions> options) {
        return changes(() -> ReopenPlan.of(options, opener));
    }

    Mono<Void> snapshot(String nodeName, String overlayName) {
        return changes(() -> SnapshotPlan.of(nodeName, overlayName, opener.names()));
    }

    /** Looked at before anybody is drained, too: what is refused is to hold up nobody. */
    private Mono<Void> changes(Supplier<NodeChange> planning) {
        return change(() -> {
            NodeChange change = planning.get();
            drain.requireNoneHoldsFile(change.drained());
            return change;
        });
    }

    /** Drains before it takes its turn: a request that hangs must not keep the graph from being changed, or closed. */
    private Mono<Void> change(Supplier<NodeChange> planning) {
        return Mono.defer(() -> {
            Set<GraphNode> drained = new LinkedHashSet<>(planning.get().drained());
            List<Mono<Void>> idle = new ArrayList<>();
            drained.forEach(node -> idle.add(drain.begin(node)));
            return Flux.fromIterable(idle)
                    .concatMap(mono -> mono)
                    .then(Mono.defer(() -> additions.run(() -> turns.inTurn(() -> changeNow(planning, drained)))))
                    .doOnTerminate(() -> drained.forEach(drain::end))
                    .flatMap(done -> done ? Mono.empty() : change(planning));
        });
    }

    /** False where the graph has changed meanwhile, so that others are to be drained. */
    private Mono<Boolean> changeNow(Supplier<NodeChange> planning, Set<GraphNode> drained) {
        NodeChange change = planning.get();
        if (!drained.containsAll(change.drained())) {
            return Mono.just(false);
        }
        return new Reopening(change, opener, drain).run().thenReturn(true);
    }
}
