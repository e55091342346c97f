package dev.weir.storage.graph;

import dev.weir.storage.BackingFile;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Whether a backend relies on the file that holds the bytes of its node: then nothing may come in between. Any thread. */
final class FileHold {
    private final Turns turns;

    // Under the lock.
    private boolean wanted;
    private boolean held;

    FileHold(Turns turns) {
        this.turns = turns;
    }

    /** In a turn of its own, so that no node is about to become another. */
    Mono<BackingFile> begin(Supplier<GraphNode> node) {
        return Mono.defer(() -> {
            want();
            return turns.inTurn(() -> Mono.justOrEmpty(hold(node.get().backingFile())));
        });
    }

    private synchronized void want() {
        wanted = true;
    }

    /** Nobody may want it any more: turns may be long. */
    private synchronized @Nullable BackingFile hold(@Nullable BackingFile file) {
        held = wanted && file != null;
        return held ? file : null;
    }

    synchronized void end() {
        wanted = false;
        held = false;
    }

    synchronized void requireNone(GraphNode node) {
        if (held) {
            throw BlockException.of(
                    BlockErrorKind.BUSY,
                    "Node '" + node.nodeName() + "' is busy: the kernel reads its file directly (passthrough)");
        }
    }
}
