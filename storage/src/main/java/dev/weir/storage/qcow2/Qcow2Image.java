package dev.weir.storage.qcow2;

import dev.weir.storage.BlockNode;
import dev.weir.storage.Extent;
import dev.weir.storage.spi.BouncePool;
import dev.weir.storage.spi.RangeLock;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * An image between two moments at which others may change its file: its metadata, the files it lies in, and who holds which
 * of its clusters.
 */
final class Qcow2Image {
    private final Metadata metadata;
    private final L2Tables tables;
    private final Mapping mapping;
    private final HostFile data;
    private final @Nullable BlockNode backing;
    private final CompressedReader compressed;
    private final MetadataCommit commit;
    private volatile boolean writable;
    private final BouncePool pool;

    /** Clusters, by guest offset: shared for reads and writes in place, exclusive for whatever changes their entries. */
    private final RangeLock clusters = new RangeLock();

    Qcow2Image(Metadata metadata, HostFile data, @Nullable BlockNode backing, BouncePool pool, Executor executor) {
        this.metadata = metadata;
        this.tables = metadata.tables();
        this.mapping = new Mapping(metadata.header());
        this.data = data;
        this.backing = backing;
        this.pool = pool;
        this.compressed = new CompressedReader(
                metadata.geometry(), metadata.header().compression(), metadata.file(), executor, pool);
        this.commit = new MetadataCommit(metadata, data);
    }

    Metadata metadata() {
        return metadata;
    }

    Geometry geometry() {
        return metadata.geometry();
    }

    L2Tables tables() {
        return tables;
    }

    Mapping mapping() {
        return mapping;
    }

    HostFile data() {
        return data;
    }

    boolean hasDataFile() {
        return data != metadata.file();
    }

    CompressedReader compressed() {
        return compressed;
    }

    MetadataCommit commit() {
        return commit;
    }

    BouncePool pool() {
        return pool;
    }

    RangeLock clusters() {
        return clusters;
    }

    /** Whether it was made ready to be written to. */
    boolean writable() {
        return writable;
    }

    void madeWritable() {
        writable = true;
    }

    /** Whether the cluster of an entry is referred to by that entry alone, so that it may be written to. */
    boolean owned(L2Slice slice, int number) {
        long entry = slice.entry(number);
        return L2Entry.copied(entry) && !L2Entry.compressed(entry) && (L2Entry.offset(entry) != 0 || hasDataFile());
    }

    /** Whether all of the cluster of an entry can be written in place. */
    boolean inPlace(L2Slice slice, int number) {
        if (!owned(slice, number)) {
            return false;
        }
        return geometry().extendedL2()
                ? L2Entry.allocated(slice.bitmap(number)) == L2Entry.ALL
                : (slice.entry(number) & L2Entry.ZERO) == 0;
    }

    /** How far a write can be done in place that begins at {@code at}: {@code at} where it cannot. */
    long endInPlace(L2Slice slice, long at, long end) {
        int number = tables.entryOf(at);
        if (!owned(slice, number) || mapping.kind(slice, number, mapping.unit(at)) != Mapping.DATA) {
            return at;
        }
        long stop = mapping.endOfRun(slice, number, Mapping.DATA, at, end);
        int bits = geometry().clusterBits();
        for (long cluster = (at >>> bits) + 1; cluster << bits < stop; cluster++) {
            if (!owned(slice, number + (int) (cluster - (at >>> bits)))) {
                return cluster << bits;
            }
        }
        return stop;
    }

    /** @throws Corruption where guest data would overwrite metadata, or lie where nothing is counted */
    void requireData(long host, long bytes) {
        if (hasDataFile()) {
            return;
        }
        if (metadata.clusters().touches(host, bytes, geometry())) {
            throw new Corruption("Preventing invalid write on metadata, at " + Long.toHexString(host));
        }
        if (!metadata.refcounts().covers(host + bytes - 1)) {
            throw new Corruption("Cluster at " + Long.toHexString(host) + " has no refcount");
        }
    }

    // Below: under the metadata lock.

    /** @throws Missing while too much waits to be written */
    void requireRoom() {
        if (tables.crowded()
                || metadata.refcounts().crowded()
                || metadata.freed().many()) {
            throw new Missing(commit.run());
        }
    }

    /** Makes an L2 table for a guest offset, or copies the one that snapshots share. @throws Missing */
    void requireWritableTable(long guest) {
        if (tables.writable(guest)) {
            return;
        }
        if (tables.hasTable(guest)) {
            tables.requireTable(guest);
        }
        long offset = metadata.refcounts().allocate(1).offset();
        metadata.file().claim(offset, geometry().clusterSize());
        long before = tables.move(guest, offset);
        if (before != 0) {
            metadata.freed().add(before, geometry().clusterSize(), false);
        }
    }

    /** An entry is about to go: its clusters lose a reference when the file knows of that. */
    void free(long entry, boolean discard) {
        if (hasDataFile()) {
            return;
        }
        if (L2Entry.compressed(entry)) {
            int bits = geometry().clusterBits();
            metadata.freed().add(L2Entry.compressedOffset(entry, bits), L2Entry.compressedBytes(entry, bits), discard);
        } else if (L2Entry.offset(entry) != 0) {
            metadata.freed().add(L2Entry.offset(entry), geometry().clusterSize(), discard);
        }
    }

    /** How many bytes at a guest offset the backing file has; what lies beyond, or without one, is zero. */
    long backed(long guest) {
        return backing == null ? 0 : Math.max(0, Math.min(backing.length(), metadata.size()) - guest);
    }

    /** What the backing file says of a run that it has. */
    Mono<Extent> backingStatus(long guest, long length) {
        return backing == null ? Mono.just(Extent.hole(guest, length)) : backing.blockStatus(guest, length);
    }

    /** Reads what is not allocated here. */
    Mono<Void> readUnallocated(long guest, ByteBuffer dst) {
        return Mono.defer(() -> {
            int inside = (int) Math.min(dst.remaining(), backed(guest));
            Zeroes.fill(dst, dst.position() + inside, dst.limit());
            if (backing == null || inside == 0) {
                return Mono.empty();
            }
            dst.limit(dst.position() + inside);
            return backing.read(guest, dst);
        });
    }
}
