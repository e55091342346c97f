package dev.weir.storage.throttle;

import java.util.concurrent.atomic.AtomicBoolean;
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/**
 * A request that has to wait. Cancelling it takes it out of the group while it waits, and does nothing once it was let go:
 * the I/O was issued then, and its end is reported.
 */
final class ThrottledRequest implements CoreSubscriber<Object>, Subscription {
    private static final Logger log = LoggerFactory.getLogger(ThrottledRequest.class);

    private final ThrottleMember member;
    private final boolean write;
    private final long bytes;
    private final Mono<Void> io;
    private final CoreSubscriber<? super Void> actual;
    private final AtomicBoolean ended = new AtomicBoolean();

    /** Guarded by the group. */
    private boolean cancelled;

    ThrottledRequest(
            ThrottleMember member, boolean write, long bytes, Mono<Void> io, CoreSubscriber<? super Void> actual) {
        this.member = member;
        this.write = write;
        this.bytes = bytes;
        this.io = io;
        this.actual = actual;
    }

    ThrottleMember member() {
        return member;
    }

    boolean isWrite() {
        return write;
    }

    long bytes() {
        return bytes;
    }

    boolean isCancelled() {
        return cancelled;
    }

    void setCancelled() {
        cancelled = true;
    }

    /** Called by the group when the request was taken out of it. Never throws: others were let go with it. */
    void issue() {
        try {
            io.subscribe(this);
        } catch (Throwable failure) {
            fail(failure);
        }
    }

    private void fail(Throwable failure) {
        try {
            onError(failure);
        } catch (Throwable second) {
            log.warn("A subscriber failed", second);
        }
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
            actual.onComplete();
        }
    }

    @Override
    public void onError(Throwable failure) {
        if (ended.compareAndSet(false, true)) {
            actual.onError(failure);
        } else {
            log.warn("A request failed after its end was reported", failure);
        }
    }

    @Override
    public void request(long n) {}

    @Override
    public void cancel() {
        member.group().cancel(this);
    }

    @Override
    public Context currentContext() {
        return actual.currentContext();
    }
}
