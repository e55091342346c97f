package dev.weir.storage.throttle;

import dev.weir.storage.BlockDriverContract;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.storage.throttle.ThrottleLimits.Rate;
import reactor.core.publisher.Mono;

/** Under limits that make some requests wait for a real timer, but none for long. */
class ThrottleDriverTest extends BlockDriverContract {
    private static final ThrottleLimits LIMITS =
            new ThrottleLimits(Rate.NONE, Rate.NONE, Rate.of(400_000_000), Rate.of(50_000), Rate.NONE, Rate.NONE, 0);

    @Override
    protected Mono<BlockNode> open(BlockGraph graph, int length) {
        graph.throttleGroups().create("g", LIMITS);
        return graph.add(
                NodeOptions.parse("throttle,throttle-group=g,discard=unmap,file.driver=memory,file.size=" + length));
    }
}
