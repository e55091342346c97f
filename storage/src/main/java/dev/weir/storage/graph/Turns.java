package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.publisher.Sinks;
import reactor.util.context.Context;

/**
 * Runs changes of the graph one after the other, each to its end even when its subscriber loses interest. Subscribers hear
 * of an end when the turn is free or the next one runs elsewhere: they may wait for another turn. A long row of turns does
 * not grow the stack.
 */
final class Turns {
    private final Queue<Turn<?>> waiting = new ConcurrentLinkedQueue<>();

    /** Turns that run or wait; whoever makes it 1 runs them. */
    private final AtomicInteger entered = new AtomicInteger();

    /** Not to be waited for within a turn. */
    <T> Mono<T> inTurn(Supplier<Mono<T>> work) {
        return Mono.defer(() -> {
            Turn<T> turn = new Turn<>(work);
            waiting.add(turn);
            if (entered.getAndIncrement() == 0) {
                runThenReport(new ArrayList<>());
            }
            return turn.result.asMono();
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

    private void runThenReport(List<Turn<?>> ended) {
        boolean more = true;
        while (more) {
            Turn<?> turn = waiting.remove();
            boolean over = turn.runsToItsEnd();
            if (over) {
                ended.add(turn);
            }
            more = over && entered.decrementAndGet() > 0;
        }
        ended.forEach(Turn::report);
    }

    private void leave(Turn<?> turn) {
        List<Turn<?>> ended = new ArrayList<>();
        ended.add(turn);
        if (entered.decrementAndGet() > 0) {
            runThenReport(ended);
        } else {
            turn.report();
        }
    }

    private enum State {
        STARTING,
        RUNNING,
        OVER
    }

    private final class Turn<T> implements CoreSubscriber<T> {
        private final Supplier<Mono<T>> work;
        private final Sinks.One<T> result = Sinks.one();
        private final AtomicReference<State> state = new AtomicReference<>(State.STARTING);
        private final AtomicBoolean ended = new AtomicBoolean();
        private @Nullable T value;
        private @Nullable Throwable failure;

        Turn(Supplier<Mono<T>> work) {
            this.work = work;
        }

        /** Starts. False where it still runs, and leaves by itself. */
        boolean runsToItsEnd() {
            try {
                work.get().subscribe(this);
            } catch (Throwable thrown) {
                onError(thrown);
            }
            return !state.compareAndSet(State.STARTING, State.RUNNING);
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(T next) {
            value = next;
        }

        @Override
        public void onComplete() {
            end(null);
        }

        @Override
        public void onError(Throwable thrown) {
            end(thrown);
        }

        private void end(@Nullable Throwable thrown) {
            if (!ended.compareAndSet(false, true)) {
                return;
            }
            // An Error would not get through Reactor's operators.
            failure = thrown instanceof Error
                    ? BlockException.of(BlockErrorKind.IO, "A change of the block graph failed: " + thrown, thrown)
                    : thrown;
            if (state.getAndSet(State.OVER) == State.RUNNING) {
                leave(this);
            }
        }

        void report() {
            try {
                if (failure != null) {
                    result.tryEmitError(failure);
                } else if (value != null) {
                    result.tryEmitValue(value);
                } else {
                    result.tryEmitEmpty();
                }
            } catch (RuntimeException | Error thrown) {
                // Of a subscriber: it must not keep the others from hearing.
                Operators.onErrorDropped(thrown, Context.empty());
            }
        }
    }
}
