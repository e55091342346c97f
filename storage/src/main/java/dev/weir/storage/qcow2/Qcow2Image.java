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

    /** How many bytes at a guest offset the backing file has; what lies beyond, or without one, is zero. */
    long backed(long guest) {
        return backing == null ? 0 : Math.max(0, backing.length() - guest);
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
