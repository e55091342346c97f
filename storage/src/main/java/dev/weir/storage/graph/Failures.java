package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;

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

    /** A call of a device that may throw instead; the {@code Mono} fails with a {@link BlockException} then. */
    static <T> Mono<T> called(String nodeName, String operation, Supplier<Mono<T>> call) {
        return Mono.defer(() -> {
                    try {
                        return call.get();
                    } catch (Throwable failure) {
                        return Mono.error(of(failure, nodeName, operation, -1));
                    }
                })
                // An Error would not get through Reactor's operators.
                .onErrorMap(Error.class, failure -> of(failure, nodeName, operation, -1));
    }
}
