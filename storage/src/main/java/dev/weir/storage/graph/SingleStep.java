package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.spi.StepRequest;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/** One call of the device, and what the node does at its end before it lets go of the lock. */
final class SingleStep extends StepRequest {
    private final Supplier<Mono<Void>> step;
    private final Runnable done;
    private final Consumer<Throwable> failed;
    private final boolean unsupportedIsFine;
    private boolean started;

    private SingleStep(
            Supplier<Mono<Void>> step,
            Runnable done,
            Consumer<Throwable> failed,
            boolean unsupportedIsFine,
            CoreSubscriber<? super Void> actual) {
        super(actual);
        this.step = step;
        this.done = done;
        this.failed = failed;
        this.unsupportedIsFine = unsupportedIsFine;
    }

    /** Runs {@code done} after success, and {@code failed} otherwise, before the subscriber hears of it. */
    static SingleStep ending(
            Supplier<Mono<Void>> step, Runnable done, Consumer<Throwable> failed, CoreSubscriber<? super Void> actual) {
        return new SingleStep(step, done, failed, false, actual);
    }

    /** Hands a failure to {@code failed} before the subscriber gets it. */
    static SingleStep noting(
            Supplier<Mono<Void>> step, Consumer<Throwable> failed, CoreSubscriber<? super Void> actual) {
        return new SingleStep(step, () -> {}, failed, false, actual);
    }

    /** Completes where the device cannot do it. */
    static SingleStep ignoringUnsupported(Supplier<Mono<Void>> step, CoreSubscriber<? super Void> actual) {
        return new SingleStep(step, () -> {}, failure -> {}, true, actual);
    }

    @Override
    @Nullable
    protected Mono<Void> next() {
        if (started) {
            done.run();
            return null;
        }
        started = true;
        return step.get();
    }

    @Override
    protected boolean recover(Throwable failure) {
        failed.accept(failure);
        return unsupportedIsFine && failure instanceof BlockException e && e.kind() == BlockErrorKind.UNSUPPORTED;
    }
}
