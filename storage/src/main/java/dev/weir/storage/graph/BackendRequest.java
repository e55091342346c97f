package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/**
 * A request in flight. It counts until the user's subscriber has returned from the end signal, so that at zero nobody is
 * busy with a reply any more. Cancelling it does nothing: the I/O was issued, and its end is reported.
 */
final class BackendRequest<T> implements CoreSubscriber<T>, Subscription {
    private static final Logger log = LoggerFactory.getLogger(BackendRequest.class);

    @SuppressWarnings("rawtypes") // a class literal has no type arguments
    private static final AtomicIntegerFieldUpdater<BackendRequest> ENDED =
            AtomicIntegerFieldUpdater.newUpdater(BackendRequest.class, "ended");

    private final BackendMono<T> operation;
    private final CoreSubscriber<? super T> actual;
    private volatile int ended;

    BackendRequest(BackendMono<T> operation, CoreSubscriber<? super T> actual) {
        this.operation = operation;
        this.actual = actual;
    }

    /** Called by the gate when the request was counted. */
    void issue() {
        try {
            operation.issue(this);
        } catch (Throwable failure) {
            onError(failure);
        }
    }

    /** Called by the gate instead, when the backend is closed; the request was not counted. */
    void refuse() {
        actual.onError(BlockException.failed(
                BlockErrorKind.CLOSED,
                operation.backend.node().nodeName(),
                operation.operation,
                operation.offset,
                null));
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(T value) {
        actual.onNext(value);
    }

    @Override
    public void onComplete() {
        if (!endedBefore(null)) {
            finish(null);
        }
    }

    @Override
    public void onError(Throwable failure) {
        if (!endedBefore(failure)) {
            finish(failure);
        }
    }

    private void finish(@Nullable Throwable failure) {
        Mono<Void> others = null;
        try {
            others = operation.ended();
        } finally {
            if (others == null) {
                tell(failure);
            }
        }
        if (others != null) {
            others.subscribe(nothing -> {}, unheard -> tell(failure), () -> tell(failure));
        }
    }

    private void tell(@Nullable Throwable failure) {
        try {
            if (failure == null) {
                actual.onComplete();
                return;
            }
            Throwable told =
                    Failures.of(failure, operation.backend.node().nodeName(), operation.operation, operation.offset);
            operation.backend.failed(operation.operation, told);
            actual.onError(told);
        } finally {
            operation.backend.gate().ended();
        }
    }

    /** A second end, such as of a subscriber that throws from the first, must not be counted. */
    private boolean endedBefore(@Nullable Throwable failure) {
        boolean before = !ENDED.compareAndSet(this, 0, 1);
        if (before && failure != null) {
            log.warn("A {} failed after its end was reported", operation.operation, failure);
        }
        return before;
    }

    @Override
    public void request(long n) {}

    @Override
    public void cancel() {}

    @Override
    public Context currentContext() {
        return actual.currentContext();
    }
}
