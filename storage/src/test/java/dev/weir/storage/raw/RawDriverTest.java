package dev.weir.storage.raw;

import dev.weir.storage.BlockDriverContract;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.graph.BlockGraph;
import reactor.core.publisher.Mono;

class RawDriverTest extends BlockDriverContract {
    @Override
    protected Mono<BlockNode> open(BlockGraph graph, int length) {
        return graph.add(NodeOptions.parse("raw,discard=unmap,file.driver=memory,file.size=" + length));
    }
}
