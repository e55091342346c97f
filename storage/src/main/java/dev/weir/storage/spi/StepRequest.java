package dev.weir.storage.spi;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/**
 * A request that is served in several steps, one after the other. Cancelling it does nothing: what it borrowed and locked is
 * in use until the last step ended, and the end is always reported. Used once; steps end on any thread.
 */
public abstract class StepRequest extends RangeLock.Hold implements CoreSubscriber<Object>, Subscription {
    private static final AtomicIntegerFieldUpdater<StepRequest> TURNS =
            AtomicIntegerFieldUpdater.newUpdater(StepRequest.class, "turns");
    private static final AtomicIntegerFieldUpdater<StepRequest> WAITING =
            AtomicIntegerFieldUpdater.newUpdater(StepRequest.class, "waiting");

    private final CoreSubscriber<? super Void> actual;
    private @Nullable RangeLock lock;
    private volatile int turns;

    /** 1 until the step ends; a device that ends one twice must not let go of what another request holds by then. */
    private volatile int waiting;

    protected StepRequest(CoreSubscriber<? super Void> actual) {
        this.actual = actual;
    }

    /** The next step, or null when the request is done. Called by one thread at a time, after the step before ended. */
    protected abstract @Nullable Mono<Void> next() throws Throwable;

    /** Whether the request goes on after a step failed. */
    protected boolean recover(Throwable failure) {
        return false;
    }

    /** Gives back what was borrowed. Called once, when the request ended in either way. */
    protected void ended() {}

    /** Starts without a lock. */
    public final void start() {
        actual.onSubscribe(this);
        advance();
    }

    /** Starts as soon as the range is free. */
    public final void start(RangeLock ranges, long from, long to, boolean exclusive) {
        lock = ranges;
        actual.onSubscribe(this);
        ranges.acquire(this, from, to, exclusive);
    }

    @Override
    protected final void granted() {
        advance();
    }

    /** Steps that complete on this thread come back while the loop runs: it keeps them from growing the stack. */
    private void advance() {
        if (TURNS.getAndIncrement(this) != 0) {
            return;
        }
        do {
            Mono<Void> step;
            try {
                step = next();
            } catch (Throwable failure) {
                // A device that throws has failed as one whose Mono fails.
                step = Mono.error(failure);
            }
            if (step == null) {
                release();
                actual.onComplete();
                return;
            }
            waiting = 1;
            try {
                step.subscribe(this);
            } catch (Throwable failure) {
                onError(failure);
            }
        } while (TURNS.decrementAndGet(this) != 0);
    }

    private void fail(Throwable failure) {
        release();
        actual.onError(failure);
    }

    /** Gives the range back before the end; from a step. */
    protected final void unlock() {
        if (lock != null) {
            lock.release(this);
            lock = null;
        }
    }

    private void release() {
        ended();
        if (lock != null) {
            lock.release(this);
        }
    }

    @Override
    public final void onSubscribe(Subscription subscription) {
        subscription.request(Long.MAX_VALUE);
    }

    @Override
    public final void onNext(Object nothing) {}

    @Override
    public final void onComplete() {
        if (WAITING.compareAndSet(this, 1, 0)) {
            advance();
        }
    }

    @Override
    public final void onError(Throwable failure) {
        if (!WAITING.compareAndSet(this, 1, 0)) {
            return;
        }
        if (recover(failure)) {
            advance();
        } else {
            fail(failure);
        }
    }

    @Override
    public final void request(long n) {}

    @Override
    public final void cancel() {}

    @Override
    public final Context currentContext() {
        return actual.currentContext();
    }
}
