package dev.weir.storage.file;

import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/** A flush of a file. */
final class FileFlush extends Mono<Void> {
    private final FlushQueue flushes;
    private final String nodeName;

    FileFlush(FlushQueue flushes, String nodeName) {
        this.flushes = flushes;
        this.nodeName = nodeName;
    }

    @Override
    public void subscribe(CoreSubscriber<? super Void> actual) {
        Wait wait = new Wait(nodeName, actual);
        actual.onSubscribe(wait);
        flushes.add(wait);
    }

    private record Wait(String nodeName, CoreSubscriber<? super Void> actual)
            implements FlushQueue.Waiter, Subscription {
        @Override
        public void flushed(@Nullable Throwable failure) {
            if (failure == null) {
                actual.onComplete();
            } else {
                actual.onError(FileErrors.failed(nodeName, "flush", -1, failure));
            }
        }

        @Override
        public void request(long n) {}

        @Override
        public void cancel() {}
    }
}
