package dev.weir.storage.raw;

import dev.weir.storage.BlockDriverContract;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.graph.BlockGraph;
import reactor.core.publisher.Mono;

/** A window with a fixed size, somewhere inside a larger node. */
class RawWindowTest extends BlockDriverContract {
    @Override
    protected Mono<BlockNode> open(BlockGraph graph, int length) {
        return graph.add(NodeOptions.parse(
                "raw,discard=unmap,offset=12345,size=" + length + ",file.driver=memory,file.size=2M"));
    }

    @Override
    protected boolean resizable() {
        return false;
    }

    @Override
    protected boolean unmaps() {
        return false;
    }
}
