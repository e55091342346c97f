package dev.weir.fuse.session;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

/**
 * Runs operations that read the length and then change it one after the other, in the order of subscription: two writes
 * that grow the image must not undo each other. Any thread.
 */
final class ResizeQueue {
    private record Step(Supplier<Mono<Void>> operation, MonoSink<Void> sink) {}

    private final Queue<Step> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicInteger steps = new AtomicInteger();

    /** The operation is made and subscribed when its turn has come. */
    Mono<Void> run(Supplier<Mono<Void>> operation) {
        return Mono.create(sink -> {
            waiting.add(new Step(operation, sink));
            if (steps.getAndIncrement() == 0) {
                next();
            }
        });
    }

    private void next() {
        Step step = waiting.remove();
        Mono.defer(step.operation)
                .subscribe(
                        nothing -> {},
                        failure -> {
                            step.sink.error(failure);
                            ended();
                        },
                        () -> {
                            step.sink.success();
                            ended();
                        });
    }

    private void ended() {
        if (steps.decrementAndGet() > 0) {
            next();
        }
    }
}
