package dev.weir.storage.qcow2;

import dev.weir.storage.PreallocMode;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.publisher.Mono;

/** Gives guest clusters a place before they are written to; they read as zero. Whoever runs it holds them exclusively. */
final class Preallocation {
    private final Qcow2Image image;
    private final PreallocMode mode;

    Preallocation(Qcow2Image image, PreallocMode mode) {
        this.image = image;
        this.mode = mode;
    }

    Mono<Void> run(long from, long to) {
        var done = new AtomicLong(from);
        return from >= to
                ? Mono.empty()
                : Mono.defer(() -> some(done.get(), to))
                        .doOnNext(done::set)
                        .repeat(() -> done.get() < to)
                        .then();
    }

    /** As many clusters as can be placed together. */
    private Mono<Long> some(long from, long to) {
        return image.metadata()
                .run(() -> Allocation.prepareUnallocated(image, from, to))
                .flatMap(found -> {
                    Allocation allocation = found.allocation();
                    if (allocation == null) {
                        return Mono.just(found.end());
                    }
                    long start = allocation.guest();
                    long stop = allocation.guestEnd();
                    HostFile data = image.data();
                    return data.reserve(allocation.hostEnd())
                            .then(Mono.defer(() -> data.preallocate(
                                    allocation.host(start), allocation.hostEnd(), mode, allocation.fresh())))
                            .then(image.metadata().runNow(() -> allocation.link(start, stop)))
                            .onErrorResume(failure -> allocation.undo().then(Mono.error(failure)))
                            .thenReturn(Math.min(to, stop));
                });
    }
}
