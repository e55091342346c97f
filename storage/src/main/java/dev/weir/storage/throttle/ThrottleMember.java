package dev.weir.storage.throttle;

import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/** A node's place in a group. */
final class ThrottleMember {
    private final ThrottleGroup group;

    /** Guarded by the group. */
    private int drains;

    ThrottleMember(ThrottleGroup group) {
        this.group = group;
    }

    ThrottleGroup group() {
        return group;
    }

    boolean isDrained() {
        return drains > 0;
    }

    /** Starts {@code io} when the limits allow it; it is {@code io} itself where there are none. */
    Mono<Void> throttle(boolean write, long bytes, Mono<Void> io) {
        if (!group.limits(write)) {
            return io;
        }
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Void> actual) {
                if (group.passes(ThrottleMember.this, write, bytes)) {
                    io.subscribe(actual);
                    return;
                }
                var request = new ThrottledRequest(ThrottleMember.this, write, bytes, io, actual);
                actual.onSubscribe(request);
                group.await(request);
            }
        };
    }

    void drainedBegin() {
        synchronized (group) {
            drains++;
            group.drained(this);
        }
    }

    void drainedEnd() {
        synchronized (group) {
            drains--;
        }
    }

    /** Called once, with no request in flight. */
    void leave() {
        group.left();
    }
}
