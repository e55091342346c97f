package dev.weir.storage.qcow2;

import dev.weir.storage.Extent;
import reactor.core.publisher.Mono;

/** Finds out what a run of guest bytes is. It holds no clusters: what it tells is true at some moment meanwhile. */
final class StatusRequest {
    private final Qcow2Image image;
    private final long offset;
    private final long end;

    StatusRequest(Qcow2Image image, long offset, long length) {
        this.image = image;
        this.offset = offset;
        this.end = offset + length;
    }

    Mono<Extent> run() {
        return Mono.defer(() -> look(offset));
    }

    /** @param at how far it is one run without tables */
    private Mono<Extent> look(long at) {
        L2Tables tables = image.tables();
        long guest = at;
        while (guest < end && !tables.hasTable(guest)) {
            guest = tables.endOfTable(guest);
        }
        if (guest > offset) {
            return unallocated(Math.min(guest, end));
        }
        L2Slice slice = tables.cached(guest);
        if (slice == null) {
            return tables.load(guest).then(Mono.defer(() -> look(at)));
        }
        Mapping mapping = image.mapping();
        int number = tables.entryOf(guest);
        int kind;
        long stop;
        // Nobody else holds the clusters: an extended entry could be seen when half of it has changed.
        synchronized (image.metadata().lock()) {
            kind = mapping.kind(slice, number, mapping.unit(guest));
            stop = mapping.endOfRun(slice, number, kind, guest, Math.min(end, tables.endOfSlice(guest)));
        }
        return switch (kind) {
            case Mapping.ZERO -> Mono.just(Extent.hole(offset, stop - offset));
            case Mapping.UNALLOCATED -> unallocated(stop);
            default -> Mono.just(Extent.data(offset, stop - offset));
        };
    }

    private Mono<Extent> unallocated(long stop) {
        long backed = Math.min(stop - offset, image.backed(offset));
        return backed == 0 ? Mono.just(Extent.hole(offset, stop - offset)) : image.backingStatus(offset, backed);
    }
}
