package dev.weir.storage.qcow2;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.Permissions;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.storage.image.ImageFormat;
import dev.weir.testing.MemoryFile;
import java.util.HashMap;
import java.util.Map;
import reactor.core.publisher.Mono;

/** The internal snapshots that a script takes, and what they contain. */
final class GuestSnapshots {
    private final ImageFormat format = new Qcow2Driver().imageFormat().orElseThrow();
    private final Map<Integer, byte[]> contents = new HashMap<>();

    /** Whether there is what is to be applied or deleted, or is not yet what is to be taken. */
    boolean allow(GuestOp op) {
        return contents.containsKey(op.tag()) != (op.kind() == GuestOp.Kind.SNAPSHOT);
    }

    /** Changes an image that is not open, and what its guest must find when it is. */
    Mono<Void> change(GuestOp op, MemoryFile image, GuestHistory history) {
        return Mono.defer(() -> {
            BlockGraph graph = BlockGraph.builder().blockingThreads(1).build();
            return graph.add("file", image)
                    .flatMap(node -> graph.attach(node, Permissions.WRITE))
                    .flatMap(file -> change(op, file, history))
                    .then(Mono.defer(graph::close));
        });
    }

    private Mono<Void> change(GuestOp op, BlockBackend file, GuestHistory history) {
        String name = "snapshot " + op.tag();
        byte[] then = contents.get(op.tag());
        if (then == null) {
            contents.put(op.tag(), history.contents());
            return format.createSnapshot(file, name).then();
        } else if (op.kind() == GuestOp.Kind.APPLY) {
            history.settle(0, then);
            return format.applySnapshot(file, name);
        }
        contents.remove(op.tag());
        return format.deleteSnapshot(file, name);
    }
}
