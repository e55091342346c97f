package dev.weir.storage.qcow2;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Host clusters for guest clusters that follow each other, on their way to being linked. Made and linked under the metadata
 * lock, by whoever holds the guest clusters exclusively; in between the slice stays in the cache.
 */
final class Allocation {
    private final Qcow2Image image;
    private final L2Slice slice;
    private final int first;
    private final int count;

    /** Start of the first guest cluster. */
    private final long guest;

    private final long host;

    /** Whether the clusters were the guest clusters' own before. */
    private final boolean reused;

    /** Whether they have never been written to. */
    private final boolean fresh;

    private Allocation(
            Qcow2Image image,
            L2Slice slice,
            int first,
            int count,
            long guest,
            long host,
            boolean reused,
            boolean fresh) {
        this.image = image;
        this.slice = slice;
        this.first = first;
        this.count = count;
        this.guest = guest;
        this.host = host;
        this.reused = reused;
        this.fresh = fresh;
    }

    /**
     * Finds a place for the cluster of {@code at}, which cannot be written in place, and for as many after it as go with it.
     *
     * @param end of the write
     * @throws Missing where something has to be done before
     */
    static Allocation prepare(Qcow2Image image, long at, long end) {
        Geometry geometry = image.geometry();
        L2Tables tables = image.tables();
        image.requireRoom();
        image.requireWritableTable(at);
        L2Slice slice = tables.require(at);
        long guest = geometry.startOfCluster(at);
        int first = tables.entryOf(guest);
        long stop = Math.min(end, tables.endOfSlice(guest));
        int wanted = (int) geometry.clusters(stop - guest);
        int count = 1;
        if (image.owned(slice, first)) {
            long host = L2Entry.offset(slice.entry(first));
            image.requireData(host, geometry.clusterSize());
            while (count < wanted
                    && image.owned(slice, first + count)
                    && L2Entry.offset(slice.entry(first + count)) == host + ((long) count << geometry.clusterBits())
                    && !image.inPlace(slice, first + count)) {
                count++;
            }
            slice.pin();
            return new Allocation(image, slice, first, count, guest, host, true, false);
        }
        while (count < wanted && !image.owned(slice, first + count)) {
            count++;
        }
        long host = guest;
        if (!image.hasDataFile()) {
            Refcounts.Clusters clusters = image.metadata().refcounts().allocate(count);
            host = clusters.offset();
            count = clusters.count();
        }
        boolean fresh = image.data().claim(host, (long) count << geometry.clusterBits());
        slice.pin();
        return new Allocation(image, slice, first, count, guest, host, false, fresh);
    }

    /**
     * What {@link #prepareUnallocated} found.
     *
     * @param end how far it has looked
     * @param allocation the clusters before {@code end} that got a place; null where none did
     */
    record Found(long end, @Nullable Allocation allocation) {}

    /** Finds a place for the first clusters that have none. @throws Missing where something has to be done before */
    static Found prepareUnallocated(Qcow2Image image, long from, long to) {
        Geometry geometry = image.geometry();
        L2Tables tables = image.tables();
        long at = geometry.startOfCluster(from);
        image.requireRoom();
        image.requireWritableTable(at);
        L2Slice slice = tables.require(at);
        long stop = Math.min(to, tables.endOfSlice(at));
        while (at < stop && placed(slice.entry(tables.entryOf(at)))) {
            at += geometry.clusterSize();
        }
        if (at >= stop) {
            return new Found(stop, null);
        }
        long last = at;
        while (last < stop && !placed(slice.entry(tables.entryOf(last)))) {
            last += geometry.clusterSize();
        }
        Allocation allocation = prepare(image, at, last);
        return new Found(allocation.guestEnd(), allocation);
    }

    private static boolean placed(long entry) {
        return L2Entry.compressed(entry) || L2Entry.copied(entry) || L2Entry.offset(entry) != 0;
    }

    long guest() {
        return guest;
    }

    /** The first guest byte after it. */
    long guestEnd() {
        return guest + ((long) count << image.geometry().clusterBits());
    }

    long hostEnd() {
        return host(guestEnd());
    }

    long host(long guestByte) {
        return host + guestByte - guest;
    }

    boolean fresh() {
        return fresh;
    }

    /** The first guest byte that has to be written where a write begins at {@code from}. */
    long start(long from) {
        Geometry geometry = image.geometry();
        if (!geometry.extendedL2()) {
            return guest;
        }
        long start = from & -geometry.unitSize();
        if (reused) {
            return image.mapping().kind(slice, first, image.mapping().unit(from)) == Mapping.DATA ? from : start;
        }
        for (long unit = guest; unit < start; unit += geometry.unitSize()) {
            if (copied(image.mapping().kind(slice, first, image.mapping().unit(unit)))) {
                return unit;
            }
        }
        return start;
    }

    /** The first guest byte that need not be written where a write ends before {@code to}. */
    long stop(long to) {
        Geometry geometry = image.geometry();
        if (!geometry.extendedL2()) {
            return guestEnd();
        }
        int last = first + count - 1;
        long stop = to + geometry.unitSize() - 1 & -geometry.unitSize();
        if (reused) {
            return image.mapping().kind(slice, last, image.mapping().unit(to - 1)) == Mapping.DATA ? to : stop;
        }
        for (long unit = guestEnd() - geometry.unitSize(); unit >= stop; unit -= geometry.unitSize()) {
            if (copied(image.mapping().kind(slice, last, image.mapping().unit(unit)))) {
                return unit + geometry.unitSize();
            }
        }
        return stop;
    }

    private static boolean copied(int kind) {
        return kind == Mapping.DATA || kind == Mapping.COMPRESSED;
    }

    /** Whether the guest sees zeroes there, without looking into other files; within one of the clusters. */
    boolean zero(long from, long to) {
        Mapping mapping = image.mapping();
        for (long at = from; at < to; at = mapping.endOfUnit(at)) {
            int number = first + (int) (at - guest >>> image.geometry().clusterBits());
            int kind = mapping.kind(slice, number, mapping.unit(at));
            if (kind != Mapping.ZERO && (kind != Mapping.UNALLOCATED || image.backed(at) > 0)) {
                return false;
            }
        }
        return true;
    }

    /** The data is in its place from {@code from} to before {@code to}: the guest sees it from now on. */
    boolean link(long from, long to) {
        Geometry geometry = image.geometry();
        image.tables().changed(slice);
        for (int i = 0; i < count; i++) {
            int number = first + i;
            long start = guest + ((long) i << geometry.clusterBits());
            if (!reused) {
                image.free(slice.entry(number), false);
            }
            long bitmap = 0;
            if (geometry.extendedL2()) {
                boolean compressed = L2Entry.compressed(slice.entry(number));
                int written =
                        units(Math.max(from, start) - start, Math.min(to, start + geometry.clusterSize()) - start);
                int before = compressed ? 0 : L2Entry.allocated(slice.bitmap(number));
                int zero = compressed ? 0 : L2Entry.zero(slice.bitmap(number));
                bitmap = L2Entry.bitmap(before | written, zero & ~written);
            }
            slice.put(number, host(start) | L2Entry.COPIED, bitmap);
        }
        slice.unpin();
        return true;
    }

    private int units(long from, long to) {
        int bits = image.geometry().unitBits();
        int low = (int) (from >>> bits);
        int high = (int) (to + image.geometry().unitSize() - 1 >>> bits);
        return (int) ((1L << high) - (1L << low));
    }

    /** It comes to nothing: nothing was linked. Where that cannot be noted, clusters leak. Never fails. */
    Mono<Void> undo() {
        return image.metadata().runNow(this::giveBack).onErrorComplete().then(Mono.fromRunnable(() -> {
            synchronized (image.metadata().lock()) {
                slice.unpin();
            }
        }));
    }

    private boolean giveBack() {
        if (!reused && !image.hasDataFile()) {
            long cluster = host >>> image.geometry().clusterBits();
            for (int i = 0; i < count; i++) {
                image.metadata().refcounts().get(cluster + i);
            }
            for (int i = 0; i < count; i++) {
                image.metadata().refcounts().decrement(cluster + i);
            }
        }
        return true;
    }
}
