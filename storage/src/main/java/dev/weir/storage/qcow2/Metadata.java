package dev.weir.storage.qcow2;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.spi.SerialOperations;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * The metadata of an image in memory. Whoever changes it does so in steps that hold its lock, that do no I/O, and that are
 * tried again when what they miss is there: one such step at a time, in the order of their coming.
 */
final class Metadata {
    private static final Logger log = LoggerFactory.getLogger(Metadata.class);

    private final Object lock = new Object();
    private final String nodeName;
    private final HostFile file;
    private final Geometry geometry;
    private final ClusterSet clusters = new ClusterSet();
    private final L2Tables tables;
    private final Refcounts refcounts;
    private final FreedClusters freed;
    private final SerialOperations turns = new SerialOperations();
    private final SerialOperations headerTurns = new SerialOperations();
    private volatile Qcow2Header header;
    private volatile long size;
    private volatile @Nullable String corruption;

    Metadata(String nodeName, HostFile file, Qcow2Header header, long[] l1, long[] refcountTable, CacheSizes sizes) {
        this.nodeName = nodeName;
        this.file = file;
        this.header = header;
        this.size = header.size();
        this.geometry = header.geometry();
        this.tables = new L2Tables(lock, geometry, file, l1, sizes.l2Slice(geometry), sizes.l2Bytes(header), clusters);
        this.refcounts = new Refcounts(
                lock, geometry, file, header.refcountTableOffset(), refcountTable, sizes.refcountBytes(), clusters);
        this.freed = new FreedClusters(geometry);
    }

    /** Has no guest data go where the tables are that are in memory. Before the image is written to. */
    void protectTables() {
        clusters.add(0);
        clusters.addRange(header.l1Offset(), header.l1Entries() * 8L, geometry);
        clusters.addRange(header.refcountTableOffset(), refcounts.table().bytes(), geometry);
        for (long entry : tables.l1()) {
            if (L2Entry.offset(entry) != 0) {
                clusters.add(L2Entry.offset(entry) >>> geometry.clusterBits());
            }
        }
        refcounts.protectBlocks();
    }

    Object lock() {
        return lock;
    }

    Geometry geometry() {
        return geometry;
    }

    HostFile file() {
        return file;
    }

    Qcow2Header header() {
        return header;
    }

    L2Tables tables() {
        return tables;
    }

    Refcounts refcounts() {
        return refcounts;
    }

    FreedClusters freed() {
        return freed;
    }

    /** The clusters of the file that hold metadata. */
    ClusterSet clusters() {
        return clusters;
    }

    /** Runs a step at once. @throws Missing where it has to be run otherwise; nothing has changed then */
    <T> T now(Supplier<T> step) {
        requireSound();
        synchronized (lock) {
            return step.get();
        }
    }

    /** Runs a step. It completes at once where nothing is missing. */
    <T> Mono<T> run(Supplier<T> step) {
        return Mono.defer(() -> {
            Missing missing;
            try {
                return Mono.just(now(step));
            } catch (Missing e) {
                missing = e;
            }
            AtomicReference<@Nullable T> result = new AtomicReference<>();
            return turns.run(() -> missing.first()
                            .then(Mono.defer(() -> retry(step)))
                            .doOnNext(result::set)
                            .then())
                    .then(Mono.fromSupplier(result::get));
        });
    }

    /** As {@link #run} but waits for nobody's turn: for what steps that have theirs may wait for. */
    <T> Mono<T> runNow(Supplier<T> step) {
        return Mono.defer(() -> retry(step));
    }

    /** However much is missing, one after the other, and is there at once: the stack does not grow. */
    private <T> Mono<T> retry(Supplier<T> step) {
        Mono<T> next = Mono.defer(() -> {
            try {
                return Mono.just(now(step));
            } catch (Missing missing) {
                return missing.first().then(Mono.empty());
            }
        });
        return next.repeatWhenEmpty(empty -> empty);
    }

    /** @throws BlockException once a corruption was come across */
    void requireSound() {
        if (corruption != null) {
            throw BlockException.of(BlockErrorKind.IO, "Image of node '" + nodeName + "' is corrupt: " + corruption);
        }
    }

    /**
     * What a request fails with. A corruption marks the image, in the file too where {@code writable}; from then on nothing is
     * read or written.
     */
    Mono<Throwable> explain(Throwable failure, boolean writable) {
        if (!(failure instanceof Corruption)) {
            return Mono.just(failure);
        }
        boolean first = corruption == null;
        String what = String.valueOf(failure.getMessage());
        if (writable) {
            corruption = what;
        }
        Throwable told =
                BlockException.of(BlockErrorKind.IO, "Image of node '" + nodeName + "' is corrupt: " + what, failure);
        if (!first || !writable || header.version() < 3) {
            return Mono.just(told);
        }
        log.error("Marking image of node {} as corrupt: {}", nodeName, what);
        return updateHeader(now ->
                        now.withFeatures(now.incompatible() | Feature.CORRUPT, now.compatible(), now.autoclear()))
                .onErrorComplete()
                .thenReturn(told);
    }

    /** Changes the header as it is by then, and puts it on stable storage; one change after the other. */
    Mono<Void> updateHeader(UnaryOperator<Qcow2Header> change) {
        return headerTurns.run(() -> {
            Qcow2Header changed = change.apply(header);
            ByteBuffer bytes = ByteBuffer.allocateDirect(changed.knownLength());
            changed.putFixed(bytes, 0, 0);
            // Where the name of the backing file is stays as it is.
            bytes.flip().position(24);
            return file.write(24, bytes).then(file.flush()).doOnSuccess(nothing -> header = changed);
        });
    }

    /** The size of the virtual disk as the guest sees it, in bytes; the header may tell of it later, or earlier. */
    long size() {
        return size;
    }

    void size(long bytes) {
        size = bytes;
    }
}
