package dev.weir.storage.qcow2;

import dev.weir.storage.spi.BouncePool;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Writes guest data to clusters that are not yet linked, with what the guest saw around it, and links them: as much as goes
 * with the first cluster. Where both sides need a copy it is one write. Whoever runs it holds the guest clusters exclusively,
 * and asks for one step after the other.
 */
final class AllocatingWrite {
    /** Up to here what is copied and what is new is one write. */
    private static final int MERGED = 128 << 10;

    private final Qcow2Image image;
    private final ByteBuffer src;
    private final long from;
    private final long end;
    private @Nullable Allocation allocation;
    private long start;
    private long stop;

    /** Where it ends; 0 until there is a place for it. */
    private long to;

    private @Nullable Throwable failure;
    private boolean linked;

    /** @param src the bytes from {@code from} to {@code end} */
    AllocatingWrite(Qcow2Image image, ByteBuffer src, long from, long end) {
        this.image = image;
        this.src = src;
        this.from = from;
        this.end = end;
    }

    /** The guest offset up to which it was written, once there is no next step. */
    long end() {
        return to;
    }

    /** What to wait for before it is asked for again; null when all is linked. */
    @Nullable
    Mono<Void> next() {
        if (linked) {
            return null;
        }
        Throwable reason = failure;
        if (reason != null) {
            return allocation().undo().then(Mono.error(reason));
        }
        Metadata metadata = image.metadata();
        Allocation place = allocation;
        if (place == null) {
            try {
                place = metadata.now(this::prepare);
            } catch (Missing missing) {
                return metadata.run(this::prepare).then();
            }
        }
        if (to == 0) {
            to = Math.min(end, place.guestEnd());
            return transfer(place);
        }
        metadata.now(this::link);
        return null;
    }

    /**
     * A step failed.
     *
     * @return whether there is a next one: it gives back what was taken, and fails with the same
     */
    boolean failed(Throwable reason) {
        if (allocation == null || linked || failure != null) {
            return false;
        }
        failure = reason;
        return true;
    }

    private Allocation prepare() {
        Allocation place = Allocation.prepare(image, from, end);
        allocation = place;
        return place;
    }

    private boolean link() {
        // From here on the clusters may be the guest's, and are not given back.
        linked = true;
        return allocation().link(start, stop);
    }

    private Allocation allocation() {
        return Objects.requireNonNull(allocation);
    }

    private Mono<Void> transfer(Allocation place) {
        start = place.start(from);
        stop = place.stop(to);
        // Also where nothing has to be reserved: of a device that ends a write twice, then() passes on the first end.
        return image.data().reserve(place.hostEnd()).then(Mono.defer(this::write));
    }

    private Mono<Void> write() {
        Allocation place = allocation();
        // What was never written reads as zero by itself.
        boolean head = start < from && !(place.fresh() && place.zero(start, from));
        boolean tail = to < stop && !(place.fresh() && place.zero(to, stop));
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

    private Mono<Void> direct(long first, long last) {
        return image.data().write(allocation().host(first), part(first, last));
    }

    private ByteBuffer part(long first, long last) {
        return src.slice(src.position() + (int) (first - from), (int) (last - first));
    }

    private Mono<Void> merged(long first, long last) {
        return Mono.defer(() -> {
            int length = (int) (last - first);
            ByteBuffer buffer = image.pool().take(length, BouncePool.PAGE);
            long dataFrom = Math.max(from, first);
            long dataTo = Math.min(to, last);
            return before(buffer.clear(), first, first, dataFrom)
                    .then(Mono.defer(() -> before(buffer.clear(), first, dataTo, last)))
                    .then(Mono.defer(() -> {
                        ByteBuffer data = part(dataFrom, dataTo);
                        buffer.clear().put((int) (dataFrom - first), data, 0, data.remaining());
                        return image.data().write(allocation().host(first), buffer.limit(length));
                    }))
                    .doOnTerminate(() -> image.pool().give(buffer));
        });
    }

    /** Puts what the guest saw before. */
    private Mono<Void> before(ByteBuffer buffer, long first, long rangeFrom, long rangeTo) {
        if (rangeFrom >= rangeTo) {
            return Mono.empty();
        }
        int at = (int) (rangeFrom - first);
        int end = (int) (rangeTo - first);
        if (allocation().zero(rangeFrom, rangeTo)) {
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
