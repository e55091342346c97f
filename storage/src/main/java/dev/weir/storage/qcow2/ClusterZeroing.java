package dev.weir.storage.qcow2;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.WriteFlag;
import java.util.EnumSet;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.publisher.Mono;

/** Changes entries so that what they stand for reads as zero. Whoever runs it holds the guest clusters exclusively. */
final class ClusterZeroing {
    private final Qcow2Image image;
    private final Geometry geometry;
    private final boolean discards;
    private final boolean unmap;
    private final boolean drops;
    private final DiscardOptions options;

    private ClusterZeroing(Qcow2Image image, boolean discards, boolean unmap, boolean drops, DiscardOptions options) {
        this.drops = drops;
        this.image = image;
        this.geometry = image.geometry();
        this.discards = discards;
        this.unmap = unmap;
        this.options = options;
    }

    /** @param unmap whether clusters may lose their place in the file */
    static ClusterZeroing zeroing(Qcow2Image image, boolean unmap, DiscardOptions options) {
        return new ClusterZeroing(image, false, unmap, false, options);
    }

    static ClusterZeroing discarding(Qcow2Image image, DiscardOptions options) {
        return new ClusterZeroing(image, true, true, false, options);
    }

    /** Of what is going to lie beyond the end of the disk: nothing is left of it. */
    static ClusterZeroing dropping(Qcow2Image image) {
        return new ClusterZeroing(image, true, true, true, new DiscardOptions(true, false));
    }

    /** As {@link #run}, all of it. */
    Mono<Void> runAll(long start, long stop) {
        var done = new AtomicLong(start);
        return start >= stop
                ? Mono.empty()
                : Mono.defer(() -> run(done.get(), stop))
                        .doOnNext(done::set)
                        .repeat(() -> done.get() < stop)
                        .then();
    }

    boolean discards() {
        return discards;
    }

    /** Whether a cluster cannot be made to read as zero without writing zeroes. */
    boolean impossible(long guest) {
        return image.metadata().header().version() < 3
                && (image.backed(guest) > 0 || (!unmap && image.tables().hasTable(guest)));
    }

    /**
     * Zeroes what one slice stands for.
     *
     * @param start of a unit
     * @param stop end of a unit
     * @return how far it is done
     */
    Mono<Long> run(long start, long stop) {
        Mono<Long> change = image.metadata().run(() -> change(start, stop));
        if (discards
                && options.passRequest()
                && image.hasDataFile()
                && !image.metadata().header().rawDataFile()) {
            return change.flatMap(done -> discardDataFile(start, done).thenReturn(done));
        }
        return image.metadata().header().rawDataFile()
                ? zeroDataFile(start, stop).then(change)
                : change;
    }

    /** Clusters of a data file have no refcounts to lose, and are where the guest has them. */
    private Mono<Void> discardDataFile(long start, long stop) {
        long end = Math.min(stop, image.data().length());
        return start >= end
                ? Mono.empty()
                : image.data().node().discard(start, end - start).onErrorComplete();
    }

    /** A raw data file has to show what the guest sees. */
    private Mono<Void> zeroDataFile(long start, long stop) {
        long end = Math.min(
                image.tables().endOfSlice(start), Math.min(stop, image.data().length()));
        return start >= end
                ? Mono.empty()
                : image.data()
                        .node()
                        .writeZeroes(
                                start,
                                end - start,
                                unmap ? EnumSet.of(WriteFlag.MAY_UNMAP) : EnumSet.noneOf(WriteFlag.class));
    }

    private long change(long start, long stop) {
        L2Tables tables = image.tables();
        if (!tables.hasTable(start) && (drops || image.backed(start) == 0)) {
            return Math.min(stop, tables.endOfTable(start));
        }
        image.requireRoom();
        image.requireWritableTable(start);
        L2Slice slice = tables.require(start);
        long end = Math.min(stop, tables.endOfSlice(start));
        for (long at = start; at < end; ) {
            long next = Math.min(end, geometry.startOfCluster(at) + geometry.clusterSize());
            change(slice, at, next);
            at = next;
        }
        return end;
    }

    /** One cluster, or subclusters of one. */
    private void change(L2Slice slice, long from, long to) {
        int number = image.tables().entryOf(from);
        long entry = slice.entry(number);
        if (drops) {
            put(slice, number, 0, 0, entry);
            return;
        }
        Mapping mapping = image.mapping();
        int kind = mapping.kind(slice, number, mapping.unit(from));
        boolean whole = to - from == geometry.clusterSize();
        if (geometry.extendedL2()) {
            changeExtended(slice, number, entry, from, to, whole);
            return;
        }
        if (kind == Mapping.UNALLOCATED && image.backed(from) == 0) {
            return;
        }
        long changed = plain(entry, from);
        if (changed != entry) {
            put(slice, number, changed, 0, entry);
        }
    }

    private long plain(long entry, long from) {
        boolean allocated = !L2Entry.compressed(entry) && (L2Entry.offset(entry) != 0 || image.hasDataFile());
        if (image.metadata().header().version() < 3) {
            return image.backed(from) == 0 ? 0 : entry;
        }
        return allocated && keeps(entry) ? entry | L2Entry.ZERO : L2Entry.ZERO;
    }

    /** Whether the cluster keeps its place. */
    private boolean keeps(long entry) {
        return !unmap
                || (options.noUnref() && L2Entry.copied(entry))
                || image.metadata().header().rawDataFile();
    }

    private void changeExtended(L2Slice slice, int number, long entry, long from, long to, boolean whole) {
        boolean compressed = L2Entry.compressed(entry);
        if (whole) {
            boolean nothing = entry == 0 && slice.bitmap(number) == 0 && image.backed(from) == 0;
            boolean keep = !compressed && L2Entry.offset(entry) != 0 && keeps(entry);
            long bitmap = L2Entry.bitmap(0, L2Entry.ALL);
            if (!nothing && (slice.bitmap(number) != bitmap || (entry != 0 && !keep))) {
                put(slice, number, keep ? entry : 0, bitmap, entry);
            }
            return;
        }
        if (compressed) {
            throw BlockException.of(BlockErrorKind.UNSUPPORTED, "A part of a compressed cluster cannot be zeroed");
        }
        int bits = geometry.unitBits();
        int low = (int) (from - geometry.startOfCluster(from) >>> bits);
        int high = (int) (to - geometry.startOfCluster(from) >>> bits);
        int units = (int) ((1L << high) - (1L << low));
        long bitmap = slice.bitmap(number);
        put(
                slice,
                number,
                entry,
                L2Entry.bitmap(L2Entry.allocated(bitmap) & ~units, L2Entry.zero(bitmap) | units),
                entry);
    }

    private void put(L2Slice slice, int number, long entry, long bitmap, long before) {
        image.tables().changed(slice);
        slice.put(number, entry, bitmap);
        boolean dropped = L2Entry.compressed(before) ? !L2Entry.compressed(entry) : L2Entry.offset(entry) == 0;
        if (dropped) {
            image.free(before, discards && options.passRequest());
        }
    }
}
