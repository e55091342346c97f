package dev.weir.storage.qcow2;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.BouncePool;
import java.nio.ByteBuffer;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/**
 * Makes a range read as zero, or discards it, under an exclusive hold of its clusters: entries change for whole subclusters
 * and clusters. The rest of a range to be zeroed is written; the rest of one that is discarded stays as it is.
 */
final class ZeroRequest extends ImageRequest {
    private final long offset;
    private final long end;
    private final ClusterZeroing zeroing;
    private final boolean discard;
    private boolean force;
    private long at;

    private ZeroRequest(
            Qcow2Image image,
            long offset,
            long length,
            ClusterZeroing zeroing,
            boolean force,
            CoreSubscriber<? super Void> actual) {
        super(image, actual);
        this.offset = offset;
        this.end = offset + length;
        this.zeroing = zeroing;
        this.discard = zeroing.discards();
        this.force = force;
        this.at = offset;
    }

    static void zero(
            Qcow2Image image,
            long offset,
            long length,
            Set<WriteFlag> flags,
            DiscardOptions options,
            CoreSubscriber<? super Void> actual) {
        boolean unmap = flags.contains(WriteFlag.MAY_UNMAP);
        new ZeroRequest(
                        image,
                        offset,
                        length,
                        ClusterZeroing.zeroing(image, unmap, options),
                        flags.contains(WriteFlag.FUA),
                        actual)
                .startLocking();
    }

    /** Without FUA, for whoever holds everything already. */
    static void zeroHeld(
            Qcow2Image image, long offset, long length, DiscardOptions options, CoreSubscriber<? super Void> actual) {
        new ZeroRequest(image, offset, length, ClusterZeroing.zeroing(image, true, options), false, actual).start();
    }

    static void discard(
            Qcow2Image image, long offset, long length, DiscardOptions options, CoreSubscriber<? super Void> actual) {
        new ZeroRequest(image, offset, length, ClusterZeroing.discarding(image, options), false, actual).startLocking();
    }

    private void startLocking() {
        Geometry geometry = image().geometry();
        start(image().clusters(), geometry.startOfCluster(offset), geometry.roundUp(end), true);
    }

    @Override
    @Nullable
    Mono<Void> step() {
        if (at >= end) {
            if (!force) {
                return null;
            }
            force = false;
            return image().commit().run();
        }
        image().metadata().requireSound();
        long unit =
                discard ? image().geometry().clusterSize() : image().geometry().unitSize();
        long start = at + unit - 1 & -unit;
        if (start > at) {
            // The start of a unit that is not in the range as a whole.
            return edge(Math.min(start, end));
        }
        // The last unit counts as a whole where it ends the disk.
        long stop = end == length() ? end + unit - 1 & -unit : end & -unit;
        if (at >= stop) {
            return edge(end);
        }
        if (zeroing.impossible(at)) {
            throw BlockException.of(BlockErrorKind.UNSUPPORTED, "A version 2 image cannot hide its backing file");
        }
        return clusters(stop);
    }

    /** Whole clusters, or a part of one: only that of a compressed cluster has to be written. */
    private Mono<Void> clusters(long stop) {
        int cluster = image().geometry().clusterSize();
        long inFirst = (at & -cluster) + cluster;
        boolean part = (at & cluster - 1) != 0 || stop < inFirst;
        long to = part ? Math.min(stop, inFirst) : stop & -cluster;
        Mono<Void> change = zeroing.run(at, to).doOnNext(done -> at = done).then();
        return part ? change.onErrorResume(ZeroRequest::unsupported, failure -> edge(Math.min(to, end))) : change;
    }

    private static boolean unsupported(Throwable failure) {
        return failure instanceof BlockException e && e.kind() == BlockErrorKind.UNSUPPORTED;
    }

    private long length() {
        return image().metadata().size();
    }

    /** A part of a unit: zeroes are written where it does not read as zero already. */
    private Mono<Void> edge(long stop) {
        long from = at;
        if (discard) {
            at = stop;
            return Mono.empty();
        }
        return new StatusRequest(image(), from, stop - from).run().flatMap(extent -> {
            at = extent.end();
            return extent.zero() ? Mono.empty() : write(from, (int) (extent.end() - from));
        });
    }

    private Mono<Void> write(long from, int length) {
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Void> actual) {
                // Less than a subcluster: not worth a pool.
                ByteBuffer zeroes = BouncePool.allocate(length, BouncePool.PAGE).limit(length);
                new WriteRequest(image(), from, zeroes, false, actual).startHeld();
            }
        };
    }
}
