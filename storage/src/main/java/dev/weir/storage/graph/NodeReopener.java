package dev.weir.storage.graph;

import dev.weir.storage.NodeOptions;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Reopens nodes, all or none, while everybody above them is drained. */
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

    /** Drains before it takes its turn: a request that hangs must not keep the graph from being changed, or closed. */
    Mono<Void> reopen(List<NodeOptions> options) {
        return Mono.defer(() -> {
            Set<GraphNode> drained =
                    new LinkedHashSet<>(ReopenPlan.of(options, opener).nodes());
            List<Mono<Void>> idle = new ArrayList<>();
            drained.forEach(node -> idle.add(drain.begin(node)));
            return Flux.fromIterable(idle)
                    .concatMap(mono -> mono)
                    .then(Mono.defer(() -> additions.run(() -> turns.inTurn(() -> reopenNow(options, drained)))))
                    .doOnTerminate(() -> drained.forEach(drain::end))
                    .flatMap(done -> done ? Mono.empty() : reopen(options));
        });
    }

    /** False where the graph has changed meanwhile, so that others are to be drained. */
    private Mono<Boolean> reopenNow(List<NodeOptions> options, Set<GraphNode> drained) {
        ReopenPlan plan = ReopenPlan.of(options, opener);
        if (!drained.containsAll(plan.nodes())) {
            return Mono.just(false);
        }
        return new Reopening(plan, opener, drain).run().thenReturn(true);
    }
}
