package dev.weir.storage.graph;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Runs changes of the graph one after the other, each to its end even when its subscriber loses interest. */
final class Turns {
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private boolean taken;

    /** Not to be called from within a turn. */
    <T> Mono<T> inTurn(Supplier<Mono<T>> work) {
        return Mono.defer(() -> {
            Sinks.One<T> result = Sinks.one();
            enter(() -> Mono.defer(work)
                    .doFinally(end -> leave())
                    .subscribe(result::tryEmitValue, result::tryEmitError, result::tryEmitEmpty));
            return result.asMono();
        });
    }

    /** Runs to its end even when the subscriber loses interest. */
    static <T> Mono<T> toTheEnd(Supplier<Mono<T>> work) {
        return Mono.defer(() -> {
            Sinks.One<T> result = Sinks.one();
            Mono.defer(work).subscribe(result::tryEmitValue, result::tryEmitError, result::tryEmitEmpty);
            return result.asMono();
        });
    }

    private void enter(Runnable turn) {
        synchronized (this) {
            if (taken) {
                waiting.add(turn);
                return;
            }
            taken = true;
        }
        turn.run();
    }

    private void leave() {
        Runnable next;
        synchronized (this) {
            next = waiting.poll();
            taken = next != null;
        }
        if (next != null) {
            next.run();
        }
    }
}
