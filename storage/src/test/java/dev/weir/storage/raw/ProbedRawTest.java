package dev.weir.storage.raw;

import dev.weir.storage.BlockDriverContract;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.graph.BlockGraph;
import reactor.core.publisher.Mono;

/** The same, in whole sectors over a file of any length. */
class ProbedRawTest extends BlockDriverContract {
    @Override
    protected Mono<BlockNode> open(BlockGraph graph, int length) {
        return graph.add(NodeOptions.parse("raw,probed=on,discard=unmap,file.driver=memory,file.size=" + length));
    }
}
