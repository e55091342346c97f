package dev.weir.storage.qcow2;

import dev.weir.storage.spi.RangeLock;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/**
 * A write. Clusters that are the image's own are written in place, under a shared hold; for all others it holds its clusters
 * exclusively until they are linked.
 */
final class WriteRequest extends ImageRequest {
    private final Qcow2Image image;
    private final ByteBuffer src;
    private final int start;
    private final long offset;
    private final long end;
    private long at;
    private boolean force;
    private boolean exclusive;
    private RangeLock.@Nullable Hold second;
    private @Nullable AllocatingWrite allocating;

    /** @param force whether it has to be on stable storage when it ends */
    WriteRequest(Qcow2Image image, long offset, ByteBuffer src, boolean force, CoreSubscriber<? super Void> actual) {
        super(image, actual);
        this.image = image;
        this.src = src;
        this.start = src.position();
        this.offset = offset;
        this.end = offset + src.remaining();
        this.at = offset;
        this.force = force;
    }

    /** Takes its clusters, in the way that it is likely to need them. */
    void startLocking() {
        Geometry geometry = image.geometry();
        exclusive = !likelyInPlace();
        start(image.clusters(), geometry.startOfCluster(offset), geometry.roundUp(end), exclusive);
    }

    /** Its clusters are held exclusively by whoever starts it. */
    void startHeld() {
        exclusive = true;
        start();
    }

    private boolean likelyInPlace() {
        L2Tables tables = image.tables();
        if (!tables.hasTable(offset)) {
            return false;
        }
        L2Slice slice = tables.cached(offset);
        return slice == null || image.inPlace(slice, tables.entryOf(offset));
    }

    @Override
    @Nullable
    Mono<Void> step() {
        if (allocating != null) {
            return goOn(allocating);
        }
        if (at == end) {
            return ending();
        }
        image.metadata().requireSound();
        L2Tables tables = image.tables();
        if (tables.hasTable(at)) {
            L2Slice slice = tables.cached(at);
            if (slice == null) {
                return tables.load(at).then();
            }
            long stop = image.endInPlace(slice, at, Math.min(end, tables.endOfSlice(at)));
            if (stop > at) {
                return inPlace(slice, stop);
            }
        }
        if (!exclusive) {
            return becomeExclusive();
        }
        ByteBuffer rest = src.duplicate().position(start + (int) (at - offset));
        return goOn(new AllocatingWrite(image, rest, at, end));
    }

    private @Nullable Mono<Void> goOn(AllocatingWrite write) {
        allocating = write;
        Mono<Void> next = write.next();
        if (next == null) {
            at = write.end();
            allocating = null;
            return step();
        }
        return next;
    }

    @Override
    protected boolean recover(Throwable failure) {
        AllocatingWrite write = allocating;
        return write != null && write.failed(failure) || super.recover(failure);
    }

    private Mono<Void> inPlace(L2Slice slice, long stop) {
        if (exclusive && second == null && at == offset && stop == end) {
            // Somebody else has allocated it meanwhile.
            image.clusters().share(this);
        }
        long host = image.mapping().host(slice, image.tables().entryOf(at), at);
        image.requireData(host, stop - at);
        ByteBuffer part = at == offset && stop == end ? src : src.slice(start + (int) (at - offset), (int) (stop - at));
        at = stop;
        HostFile data = image.data();
        long hostEnd = host + part.remaining();
        data.claimInPlace(host, part.remaining());
        return data.reaches(hostEnd)
                ? data.write(host, part)
                : data.reserve(hostEnd).then(Mono.defer(() -> data.write(host, part)));
    }

    private @Nullable Mono<Void> ending() {
        if (!force) {
            return null;
        }
        force = false;
        return image.commit().run();
    }

    /** Others may change the clusters in between: what was found out about them does not count any more. */
    private Mono<Void> becomeExclusive() {
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Void> actual) {
                actual.onSubscribe(Operators.emptySubscription());
                unlock();
                exclusive = true;
                RangeLock.Hold hold = new RangeLock.Hold() {
                    @Override
                    protected void granted() {
                        actual.onComplete();
                    }
                };
                second = hold;
                Geometry geometry = image.geometry();
                image.clusters().acquire(hold, geometry.startOfCluster(offset), geometry.roundUp(end), true);
            }
        };
    }

    @Override
    protected void ended() {
        RangeLock.Hold hold = second;
        if (hold != null) {
            image.clusters().release(hold);
        }
    }
}
