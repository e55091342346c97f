package dev.weir.storage.memory;

import dev.weir.storage.BlockDriverContract;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.graph.BlockGraph;
import reactor.core.publisher.Mono;

class MemoryDriverTest extends BlockDriverContract {
    @Override
    protected Mono<BlockNode> open(BlockGraph graph, int length) {
        return graph.add(NodeOptions.driver("memory")
                .set("size", length)
                .set("discard", "unmap")
                .build());
    }
}
