package dev.weir.storage.graph;

import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/** One operation of a backend; each subscription is one request. */
abstract class BackendMono<T> extends Mono<T> {
    final Backend backend;
    final String operation;
    final long offset;

    /** @param offset of the request, or -1 where there is none */
    BackendMono(Backend backend, String operation, long offset) {
        this.backend = backend;
        this.operation = operation;
        this.offset = offset;
    }

    /** Hands the request to the node. */
    abstract void issue(CoreSubscriber<? super T> request);

    /**
     * A request ended, in either way; its subscriber has not heard of it.
     *
     * @return ends when the subscriber may hear of it; null for at once
     */
    @Nullable
    Mono<Void> ended() {
        return null;
    }

    @Override
    public final void subscribe(CoreSubscriber<? super T> actual) {
        var request = new BackendRequest<>(this, actual);
        actual.onSubscribe(request);
        backend.gate().pass(request);
    }
}
