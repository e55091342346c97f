package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;

/** Whatever a device throws becomes a {@link BlockException}. */
final class Failures {
    private Failures() {}

    static BlockException of(Throwable failure, String nodeName, String operation, long offset) {
        if (failure instanceof BlockException known) {
            return known;
        }
        BlockErrorKind kind = failure instanceof OutOfMemoryError ? BlockErrorKind.NO_MEMORY : BlockErrorKind.IO;
        return BlockException.failed(kind, nodeName, operation, offset, failure);
    }
}
