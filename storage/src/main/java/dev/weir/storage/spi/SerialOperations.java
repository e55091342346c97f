package dev.weir.storage.spi;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/**
 * Runs operations that look at something and then change it one after the other, in the order of subscription. Any thread. The next one begins when the subscriber of the one before has
 * heard of its end; a long row of them does not grow the stack.
 */
public final class SerialOperations {
    private final Queue<Step> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicInteger steps = new AtomicInteger();

    /** The operation is made and subscribed when its turn has come; from then on it cannot be cancelled, nor before. */
    public Mono<Void> run(Supplier<Mono<Void>> operation) {
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Void> actual) {
                var step = new Step(operation, actual);
                actual.onSubscribe(step);
                waiting.add(step);
                if (steps.getAndIncrement() == 0) {
                    runTurns();
                }
            }
        };
    }

    /** Called by whoever holds the turn: the first step to come, or the one that ended last. */
    private void runTurns() {
        do {
            if (!waiting.remove().runsToItsEnd()) {
                return;
            }
        } while (steps.decrementAndGet() > 0);
    }

    private void passTurn() {
        if (steps.decrementAndGet() > 0) {
            runTurns();
        }
    }

    private enum Turn {
        STARTING,
        RUNNING,
        OVER
    }

    private final class Step implements CoreSubscriber<Object>, Subscription {
        private final Supplier<Mono<Void>> operation;
        private final CoreSubscriber<? super Void> actual;
        private final AtomicReference<Turn> turn = new AtomicReference<>(Turn.STARTING);
        private final AtomicBoolean ended = new AtomicBoolean();

        Step(Supplier<Mono<Void>> operation, CoreSubscriber<? super Void> actual) {
            this.operation = operation;
            this.actual = actual;
        }

        /** Starts. False where it still runs, and passes the turn on by itself. */
        boolean runsToItsEnd() {
            try {
                operation.get().subscribe(this);
            } catch (Throwable failure) {
                onError(failure);
            }
            return !turn.compareAndSet(Turn.STARTING, Turn.RUNNING);
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(Object nothing) {}

        @Override
        public void onComplete() {
            if (ended.compareAndSet(false, true)) {
                try {
                    actual.onComplete();
                } finally {
                    over();
                }
            }
        }

        @Override
        public void onError(Throwable failure) {
            if (ended.compareAndSet(false, true)) {
                try {
                    actual.onError(failure);
                } finally {
                    over();
                }
            }
        }

        private void over() {
            if (turn.getAndSet(Turn.OVER) == Turn.RUNNING) {
                passTurn();
            }
        }

        @Override
        public void request(long n) {}

        @Override
        public void cancel() {}
    }
}
