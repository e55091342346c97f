package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** What is being added to a graph: the graph closes when all of it has come in or failed. Any thread. */
final class Additions {
    private final Sinks.Empty<Void> ended = Sinks.empty();
    private int running;
    private boolean closed;

    /** Runs to its end even when the subscriber loses interest. Fails when closed. */
    <T> Mono<T> run(Supplier<Mono<T>> work) {
        return Turns.toTheEnd(() -> {
            enter();
            return Mono.defer(work).doOnTerminate(this::leave);
        });
    }

    /** Lets no more in; completes when none is running. */
    Mono<Void> close() {
        return Mono.defer(() -> {
            synchronized (this) {
                closed = true;
            }
            endIfLast();
            return ended.asMono();
        });
    }

    private synchronized void enter() {
        if (closed) {
            throw BlockException.of(BlockErrorKind.CLOSED, "The block graph is closed");
        }
        running++;
    }

    private void leave() {
        synchronized (this) {
            running--;
        }
        endIfLast();
    }

    private void endIfLast() {
        boolean last;
        synchronized (this) {
            last = closed && running == 0;
        }
        if (last) {
            ended.tryEmitEmpty();
        }
    }
}
