package dev.weir.storage.file;

import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/**
 * A call that blocks, made on the pool. It cannot be cancelled: its end is signalled whatever happened to the
 * subscription, because until then the descriptors are in use.
 */
final class PoolCall<T> extends Mono<T> {
    /** What blocks; null completes without a value. */
    interface Body<T> {
        @Nullable
        T run() throws IOException;
    }

    /** As {@link Body}, without a value. */
    interface Action {
        void run() throws IOException;
    }

    private final Executor pool;
    private final String nodeName;
    private final String operation;
    private final long offset;
    private final Body<T> body;

    /**
     * @param operation the operation's name in errors
     * @param offset byte offset of the request, or -1
     */
    PoolCall(Executor pool, String nodeName, String operation, long offset, Body<T> body) {
        this.pool = pool;
        this.nodeName = nodeName;
        this.operation = operation;
        this.offset = offset;
        this.body = body;
    }

    static Mono<Void> of(Executor pool, String nodeName, String operation, long offset, Action action) {
        return new PoolCall<>(pool, nodeName, operation, offset, () -> {
            action.run();
            return null;
        });
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        Run<T> run = new Run<>(this, actual);
        actual.onSubscribe(run);
        try {
            pool.execute(run);
        } catch (Throwable e) {
            actual.onError(FileErrors.failed(nodeName, operation, offset, e));
        }
    }

    /** One subscription; the integer is its state. */
    private static final class Run<T> extends AtomicInteger implements Runnable, Subscription {
        private static final long serialVersionUID = 1L;

        private static final int NEW = 0;
        private static final int REQUESTED = 1;
        private static final int VALUE = 2;
        private static final int DONE = 3;

        private final transient PoolCall<T> call;
        private final transient CoreSubscriber<? super T> actual;
        private transient @Nullable T value;

        Run(PoolCall<T> call, CoreSubscriber<? super T> actual) {
            this.call = call;
            this.actual = actual;
        }

        @Override
        public void run() {
            @Nullable T result;
            try {
                result = call.body.run();
            } catch (Throwable e) {
                actual.onError(FileErrors.failed(call.nodeName, call.operation, call.offset, e));
                return;
            }
            if (result == null) {
                actual.onComplete();
                return;
            }
            value = result;
            if (!compareAndSet(NEW, VALUE)) {
                emit();
            }
        }

        @Override
        public void request(long n) {
            if (!compareAndSet(NEW, REQUESTED) && compareAndSet(VALUE, DONE)) {
                emit();
            }
        }

        private void emit() {
            T result = value;
            if (result != null) {
                actual.onNext(result);
                actual.onComplete();
            }
        }

        @Override
        public void cancel() {
            // A call that was made goes on to its end.
        }
    }
}
