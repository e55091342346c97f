package dev.weir.storage.qcow2;

import dev.weir.storage.spi.BouncePool;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Writes guest data to clusters that are not yet linked, with what the guest saw around it, and links them. Where both sides
 * need a copy it is one write. Whoever runs it holds the guest clusters exclusively.
 */
final class AllocatingWrite {
    /** Up to here what is copied and what is new is one write. */
    private static final int MERGED = 128 << 10;

    private final Qcow2Image image;
    private final Allocation allocation;
    private final ByteBuffer src;
    private final long from;
    private final long to;

    /** @param src what goes from {@code from} on, at least up to the end of the allocation or of the write */
    private AllocatingWrite(Qcow2Image image, Allocation allocation, ByteBuffer src, long from, long to) {
        this.image = image;
        this.allocation = allocation;
        this.src = src;
        this.from = from;
        this.to = to;
    }

    /**
     * Writes as much as goes with the first cluster.
     *
     * @param src the bytes from {@code from} to {@code end}
     * @return the guest offset up to which it was written
     */
    static Mono<Long> run(Qcow2Image image, ByteBuffer src, long from, long end) {
        return image.metadata().run(() -> Allocation.prepare(image, from, end)).flatMap(allocation -> {
            long to = Math.min(end, allocation.guestEnd());
            return new AllocatingWrite(image, allocation, src, from, to).run();
        });
    }

    private Mono<Long> run() {
        long start;
        long stop;
        try {
            start = allocation.start(from);
            stop = allocation.stop(to);
        } catch (RuntimeException failure) {
            return undo(failure);
        }
        return image.data()
                .reserve(allocation.hostEnd())
                .then(Mono.defer(() -> write(start, stop)))
                .onErrorResume(failure -> undo(failure).then())
                .then(image.metadata().runNow(() -> allocation.link(start, stop)))
                .thenReturn(to);
    }

    private Mono<Long> undo(Throwable failure) {
        return allocation.undo().then(Mono.error(failure));
    }

    private Mono<Void> write(long start, long stop) {
        // What was never written reads as zero by itself.
        boolean head = start < from && !(allocation.fresh() && allocation.zero(start, from));
        boolean tail = to < stop && !(allocation.fresh() && allocation.zero(to, stop));
        long first = head ? start : from;
        long last = tail ? stop : to;
        if (!head && !tail) {
            return direct(from, to);
        }
        int cluster = image.geometry().clusterSize();
        if (last - first <= Math.max(MERGED, cluster)) {
            return merged(first, last);
        }
        long endOfHead = head ? image.geometry().startOfCluster(from) + cluster : first;
        long startOfTail = tail ? image.geometry().startOfCluster(to - 1) : last;
        List<Mono<Void>> parts = new ArrayList<>();
        if (head) {
            parts.add(merged(first, endOfHead));
        }
        if (endOfHead < startOfTail) {
            parts.add(direct(endOfHead, startOfTail));
        }
        if (tail) {
            parts.add(merged(startOfTail, last));
        }
        return Flux.concat(parts).then();
    }

    private Mono<Void> direct(long start, long stop) {
        return image.data().write(allocation.host(start), part(start, stop));
    }

    private ByteBuffer part(long start, long stop) {
        return src.slice(src.position() + (int) (start - from), (int) (stop - start));
    }

    private Mono<Void> merged(long start, long stop) {
        return Mono.defer(() -> {
            int length = (int) (stop - start);
            ByteBuffer buffer = image.pool().take(length, BouncePool.PAGE);
            long dataFrom = Math.max(from, start);
            long dataTo = Math.min(to, stop);
            return before(buffer.clear(), start, start, dataFrom)
                    .then(Mono.defer(() -> before(buffer.clear(), start, dataTo, stop)))
                    .then(Mono.defer(() -> {
                        ByteBuffer data = part(dataFrom, dataTo);
                        buffer.clear().put((int) (dataFrom - start), data, 0, data.remaining());
                        return image.data().write(allocation.host(start), buffer.limit(length));
                    }))
                    .doOnTerminate(() -> image.pool().give(buffer));
        });
    }

    /** Puts what the guest saw before. */
    private Mono<Void> before(ByteBuffer buffer, long start, long rangeFrom, long rangeTo) {
        if (rangeFrom >= rangeTo) {
            return Mono.empty();
        }
        int at = (int) (rangeFrom - start);
        int end = (int) (rangeTo - start);
        if (allocation.zero(rangeFrom, rangeTo)) {
            return Mono.fromRunnable(() -> Zeroes.fill(buffer, at, end));
        }
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Void> actual) {
                new ReadRequest(image, rangeFrom, buffer.slice(at, end - at), actual).start();
            }
        };
    }
}
