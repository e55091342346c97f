package dev.weir.storage.graph;

import dev.weir.storage.BackingFile;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;

/** Whether a backend relies on the file that holds the bytes of its node: then nothing may come in between. Any thread. */
final class FileHold {
    private final Turns turns;
    private volatile boolean held;

    FileHold(Turns turns) {
        this.turns = turns;
    }

    /** In a turn of its own, so that no node is about to become another. */
    Mono<BackingFile> begin(Supplier<GraphNode> node) {
        return turns.inTurn(() -> {
            BackingFile file = node.get().backingFile();
            held = file != null;
            return Mono.justOrEmpty(file);
        });
    }

    void end() {
        held = false;
    }

    void requireNone(GraphNode node) {
        if (held) {
            throw BlockException.of(
                    BlockErrorKind.BUSY,
                    "Node '" + node.nodeName() + "' is busy: the kernel reads its file directly (passthrough)");
        }
    }
}
