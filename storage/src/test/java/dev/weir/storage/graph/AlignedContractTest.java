package dev.weir.storage.graph;

import dev.weir.storage.BlockDriverContract;
import dev.weir.storage.BlockLimits;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.ScriptedDevice;
import reactor.core.publisher.Mono;

/** The contract through a node whose device takes aligned requests of at most 64 KiB only. */
class AlignedContractTest extends BlockDriverContract {
    @Override
    protected Mono<BlockNode> open(BlockGraph graph, int length) {
        var limits = new BlockLimits(4096, 4096, 65_536, 8192, 0);
        return graph.add(NodeOptions.builder().set("discard", "unmap").build(), new ScriptedDevice(length, limits));
    }

    @Override
    protected boolean unmaps() {
        return false;
    }
}
