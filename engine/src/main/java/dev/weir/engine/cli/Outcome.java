package dev.weir.engine.cli;

import java.util.concurrent.ExecutionException;
import reactor.core.publisher.Mono;

/** Waits where waiting is allowed. */
final class Outcome {
    private Outcome() {}

    /** The value, or the failure itself, thrown. */
    static <T> T of(Mono<T> mono) throws Exception {
        try {
            return mono.toFuture().get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception failure ? failure : e;
        }
    }
}
