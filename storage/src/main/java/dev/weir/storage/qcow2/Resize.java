package dev.weir.storage.qcow2;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.PreallocMode;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Changes the virtual size, while nothing else goes on in the image. */
final class Resize extends ImageRequest {
    private static final int SECTOR = 512;

    private final long length;
    private final PreallocMode prealloc;
    private final DiscardOptions discards;
    private boolean done;

    Resize(
            Qcow2Image image,
            long length,
            PreallocMode prealloc,
            DiscardOptions discards,
            CoreSubscriber<? super Void> actual) {
        super(image, actual);
        this.length = length;
        this.prealloc = prealloc;
        this.discards = discards;
    }

    void startLocking() {
        start(image().clusters(), 0, Long.MAX_VALUE, true);
    }

    @Override
    @Nullable
    Mono<Void> step() {
        if (done) {
            return null;
        }
        done = true;
        image().metadata().requireSound();
        Qcow2Header header = image().metadata().header();
        if (length % SECTOR != 0) {
            throw BlockException.of(BlockErrorKind.INVALID, "The new size must be a multiple of " + SECTOR);
        }
        if (length == image().metadata().size()) {
            return Mono.empty();
        }
        if (image().geometry().l1EntriesFor(length) > HeaderParser.MAX_L1_BYTES / 8) {
            throw BlockException.of(BlockErrorKind.FILE_TOO_LARGE, "The image cannot become as large as that");
        }
        if (header.snapshotCount() > 0
                && (header.version() < 3 || length < image().metadata().size())) {
            throw BlockException.of(BlockErrorKind.UNSUPPORTED, "Can't resize an image which has snapshots");
        }
        return length > image().metadata().size() ? grow(header) : shrink(header);
    }

    private Mono<Void> grow(Qcow2Header header) {
        long before = image().metadata().size();
        int entries = (int) image().geometry().l1EntriesFor(length);
        Mono<Void> table = entries <= header.l1Entries() ? Mono.empty() : growL1(header, entries);
        Mono<Void> data =
                image().hasDataFile() ? Mono.defer(() -> image().data().reserveExactly(length)) : Mono.empty();
        return table.then(data)
                .then(Mono.defer(() -> {
                    image().metadata().size(length);
                    return hideOld(before);
                }))
                .then(Mono.defer(() -> preallocate(before)))
                .then(Mono.defer(() -> image().commit().run()))
                .then(image().metadata().updateHeader(now -> now.withSize(length)))
                .doOnError(failure -> image().metadata().size(before));
    }

    /** What the backing file has there, or the last cluster beyond the former end, must not appear. */
    private Mono<Void> hideOld(long before) {
        long end = Math.min(length, Math.max(image().geometry().roundUp(before), before + image().backed(before)));
        return end <= before
                ? Mono.empty()
                : new Mono<>() {
                    @Override
                    public void subscribe(CoreSubscriber<? super Void> actual) {
                        ZeroRequest.zeroHeld(image(), before, end - before, discards, actual);
                    }
                };
    }

    /** A longer L1 table, in new clusters; the header tells of it when all of it is stable. */
    private Mono<Void> growL1(Qcow2Header header, int entries) {
        Metadata metadata = image().metadata();
        Geometry geometry = image().geometry();
        int wanted = (int) Math.min(HeaderParser.MAX_L1_BYTES / 8, Math.max(entries, header.l1Entries() * 3L / 2));
        int clusters = (int) geometry.clusters(wanted * 8L);
        long[] table = Arrays.copyOf(metadata.tables().l1(), wanted);
        return image().commit()
                .run()
                .then(metadata.run(() -> metadata.refcounts().allocateAtEnd(clusters)))
                .flatMap(offset -> {
                    // All of the last cluster, because a reader of the file may look at it.
                    ByteBuffer bytes = ByteBuffer.allocateDirect(clusters << geometry.clusterBits());
                    bytes.asLongBuffer().put(table);
                    HostFile file = metadata.file();
                    file.claim(offset, bytes.capacity());
                    return file.reserve(offset + bytes.capacity())
                            .then(Mono.defer(() -> file.write(offset, bytes)))
                            .then(Mono.defer(() -> image().commit().run()))
                            .then(Mono.defer(() -> metadata.updateHeader(now -> now.withL1(offset, wanted))))
                            .doOnSuccess(nothing -> {
                                synchronized (metadata.lock()) {
                                    metadata.tables().replaceL1(table);
                                    metadata.clusters().addRange(offset, wanted * 8L, geometry);
                                    metadata.clusters()
                                            .removeRange(header.l1Offset(), header.l1Entries() * 8L, geometry);
                                    // An image of no size may have none, at offset 0.
                                    if (header.l1Entries() > 0) {
                                        metadata.freed().add(header.l1Offset(), header.l1Entries() * 8L, false);
                                    }
                                }
                            });
                });
    }

    private Mono<Void> preallocate(long before) {
        if (prealloc == PreallocMode.OFF) {
            return Mono.empty();
        }
        // A cluster that shows the backing file cannot get a place without its data.
        long from = image().backed(image().geometry().startOfCluster(before)) > 0
                ? image().geometry().roundUp(before)
                : before;
        return new Preallocation(image(), prealloc).run(from, length);
    }

    private Mono<Void> shrink(Qcow2Header header) {
        Metadata metadata = image().metadata();
        long cut = image().geometry().roundUp(length);
        Mono<Void> tail = cut >= image().metadata().size()
                ? Mono.empty()
                : Mono.defer(() -> ClusterZeroing.dropping(image())
                        .runAll(cut, image().metadata().size()));
        return tail.then(Mono.defer(() -> image().commit().run()))
                .then(metadata.updateHeader(now -> now.withSize(length)))
                .doOnSuccess(nothing -> metadata.size(length))
                .then(Mono.defer(() -> image().commit().settle()))
                .then(Mono.defer(() -> image().hasDataFile()
                        ? image().data().node().truncate(length, PreallocMode.OFF)
                        : Flux.<Void>empty().then()));
    }
}
