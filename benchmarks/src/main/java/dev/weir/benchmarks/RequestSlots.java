package dev.weir.benchmarks;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/**
 * A fixed number of requests in flight, and nothing allocated for any of them: one thread starts them, whichever thread ends
 * one gives its slot back.
 */
final class RequestSlots {
    private final int depth;
    private final AtomicReference<@Nullable Slot> returned = new AtomicReference<>();

    private @Nullable Slot free;
    private volatile @Nullable Thread waiting;
    private volatile @Nullable Throwable failure;

    /**
     * All slots are free; one thread at a time owns them.
     *
     * @param depth requests in flight at most
     * @param bytes of each buffer, page-aligned
     */
    RequestSlots(int depth, int bytes) {
        this.depth = depth;
        for (int i = 0; i < depth; i++) {
            Slot slot = new Slot(bytes);
            slot.next = free;
            free = slot;
        }
    }

    /** The next free slot, as soon as there is one. Owner only. */
    Slot take() {
        Slot slot = free;
        if (slot == null) {
            slot = await();
        }
        free = slot.next;
        return slot;
    }

    /** Waits until nothing is in flight. Owner only. */
    void drain() {
        Slot all = null;
        for (int i = 0; i < depth; i++) {
            Slot slot = take();
            slot.next = all;
            all = slot;
        }
        free = all;
    }

    private Slot await() {
        Slot slot = returned.getAndSet(null);
        while (slot == null) {
            waiting = Thread.currentThread();
            if (returned.get() == null) {
                LockSupport.park(this);
            }
            waiting = null;
            slot = returned.getAndSet(null);
        }
        Throwable cause = failure;
        if (cause != null) {
            throw new IllegalStateException("a request failed", cause);
        }
        return slot;
    }

    /** One request in flight after the other, with its buffer. */
    final class Slot implements CoreSubscriber<Void> {
        private static final int PAGE = 4096;

        private final ByteBuffer buffer;
        private @Nullable Slot next;

        private Slot(int bytes) {
            buffer = ByteBuffer.allocateDirect(bytes + PAGE).alignedSlice(PAGE).slice(0, bytes);
        }

        /** All of the buffer. */
        ByteBuffer buffer() {
            return buffer.clear();
        }

        /** Starts a request; its end frees the slot. */
        void start(Mono<Void> request) {
            request.subscribe(this);
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(Void nothing) {}

        @Override
        public void onError(Throwable cause) {
            failure = cause;
            onComplete();
        }

        @Override
        public void onComplete() {
            Slot head;
            do {
                head = returned.get();
                next = head;
            } while (!returned.compareAndSet(head, this));
            // Of nobody, it does nothing.
            LockSupport.unpark(waiting);
        }
    }
}
