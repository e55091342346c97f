package dev.weir.storage.qcow2;

import static dev.weir.storage.qcow2.Findings.hex;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleConsumer;
import reactor.core.publisher.Mono;

/**
 * One look at all metadata of an image: what refers to clusters, what the refcounts say of it, and what cannot be right.
 * Changes nothing. A table is read once, however many refer to it.
 */
final class ImageScan {
    private final MetadataFile file;
    private final Qcow2Header header;
    private final Geometry geometry;
    private final DoubleConsumer progress;
    private final Findings findings = new Findings();
    private final ReferenceCount references;
    private final RefcountReader onDisk;
    private final L2Check l2;

    /** The L2 tables; those of the active L1 table are marked. */
    private final OffsetCounts tables = new OffsetCounts();

    /** Clusters past the end that entries with (odd) or without (even) the COPIED flag refer to. */
    private final OffsetCounts beyond = new OffsetCounts();

    private SnapshotTable snapshots = new SnapshotTable(List.of());
    private long fileClusters;

    /** Up to which the refcounts on disk are known: to the end of the block of the first cluster past the file. */
    private long knownEnd;

    private boolean rebuild;

    /** Whether an L1 table lies past the end: where new tables would be made. */
    private boolean lost;

    private long highest;
    private int incompleteSnapshots;

    ImageScan(MetadataFile file, Qcow2Header header, DoubleConsumer progress) {
        this.file = file;
        this.header = header;
        this.geometry = header.geometry();
        this.progress = progress;
        this.references = new ReferenceCount(geometry, file.length(), findings);
        this.onDisk = new RefcountReader(file, header);
        this.l2 = new L2Check(header, references, findings, this::refcount);
    }

    Mono<ImageScan> run() {
        return Mono.defer(() -> {
            fileClusters = geometry.clusters(file.length());
            if (fileClusters > RefcountMap.MAX_CLUSTERS) {
                throw BlockException.of(BlockErrorKind.FILE_TOO_LARGE, "The file has too many clusters to be checked");
            }
            knownEnd = (fileClusters >>> geometry.refcountBlockBits()) + 1 << geometry.refcountBlockBits();
            references.add(0, geometry.clusterSize(), 1);
            return readable(onDisk.readTable(), "refcount table")
                    .then(Mono.defer(() -> readable(onDisk.readBlocks(knownEnd), "refcount block")))
                    .then(Mono.defer(this::readSnapshots))
                    .then(Mono.defer(this::l1Tables))
                    .then(Mono.defer(this::l2Tables))
                    .then(Mono.defer(
                            () -> readable(new BitmapReferences(file, header, references, findings).count(), "bitmap")))
                    .then(Mono.defer(() -> readable(copiedBeyond(), "refcount block")))
                    .then(Mono.fromSupplier(() -> {
                        refcountBlocks();
                        compare();
                        return this;
                    }));
        });
    }

    private Mono<Void> readable(Mono<Void> reading, String what) {
        return reading.onErrorResume(BlockException.class, failure -> {
            if (failure.kind() == BlockErrorKind.NO_MEMORY) {
                return Mono.error(failure);
            }
            findings.unreadable(() -> "Cannot read " + what + ": " + failure.getMessage());
            return Mono.empty();
        });
    }

    private Mono<Void> readSnapshots() {
        return readable(
                SnapshotTable.read(file, header)
                        .doOnNext(table -> {
                            snapshots = table;
                            references.add(header.snapshotsOffset(), table.bytes(), 1);
                            for (Snapshot snapshot : table.snapshots()) {
                                if (header.version() >= 3 && snapshot.extra().length < Snapshot.EXTRA_V3) {
                                    incompleteSnapshots++;
                                    findings.corruption(
                                            1, () -> "The entry of snapshot " + snapshot.id() + " is incomplete");
                                }
                            }
                        })
                        .then(),
                "snapshot table");
    }

    private record L1Table(long offset, long entries) {}

    private Mono<Void> l1Tables() {
        Map<L1Table, Long> snapshotTables = new HashMap<>();
        if (header.hasDataFile() && !snapshots.snapshots().isEmpty()) {
            findings.corruption(1, () -> "An image with a data file has snapshots");
        }
        for (Snapshot snapshot : snapshots.snapshots()) {
            long entries = snapshot.l1Entries() & 0xffffffffL;
            if (!geometry.aligned(snapshot.l1Offset()) || entries > HeaderParser.MAX_L1_BYTES / 8) {
                findings.corruption(
                        1,
                        () -> "The L1 table of snapshot " + snapshot.id() + " cannot be at " + hex(snapshot.l1Offset())
                                + " with " + entries + " entries");
            } else {
                snapshotTables.merge(new L1Table(snapshot.l1Offset(), entries), 1L, Long::sum);
            }
        }
        Map.Entry<?, ?>[] others = snapshotTables.entrySet().toArray(new Map.Entry<?, ?>[0]);
        var position = new Object() {
            int next;
        };
        return readable(l1(new L1Table(header.l1Offset(), header.l1Entries()), 1, 1), "L1 table")
                .then(
                        others.length == 0
                                ? Mono.empty()
                                : Mono.defer(() -> {
                                            L1Table table = (L1Table) others[position.next].getKey();
                                            long times = (Long) others[position.next++].getValue();
                                            return readable(l1(table, times, 0), "L1 table of a snapshot");
                                        })
                                        .repeat(() -> position.next < others.length)
                                        .then());
    }

    private Mono<Void> l1(L1Table table, long times, long active) {
        references.add(table.offset(), table.entries() * 8, times);
        lost |= !references.possible(table.offset(), table.entries() * 8);
        if (table.offset() < 0) {
            return Mono.empty();
        }
        return TableWalk.l1(file, table.offset(), table.entries(), entry -> {
            if ((entry & L2Entry.L1_RESERVED) != 0) {
                findings.corruption(times, () -> "L1 entry " + hex(entry) + " has reserved bits set");
            }
            long offset = L2Entry.offset(entry);
            references.add(offset, geometry.clusterSize(), times);
            if (!geometry.aligned(offset)) {
                findings.corruption(times, () -> "L1 entry " + hex(entry) + " is not aligned to a cluster");
            }
            if (active > 0 && offset != 0) {
                boolean copied = L2Entry.copied(entry);
                long refcount = refcount(offset >>> geometry.clusterBits(), copied, active);
                if (refcount >= 0 && (refcount == 1) != copied) {
                    l2.copiedWrong += active;
                    findings.tell(() -> "L1 entry " + hex(entry) + " has a wrong COPIED flag: refcount=" + refcount);
                }
            }
            tables.add(offset, times, active);
        });
    }

    private Mono<Void> l2Tables() {
        long[] offsets = tables.offsets();
        var done = new Object() {
            int tables;
        };
        return TableWalk.each(offsets, table -> {
            l2.begin(tables.count(table), tables.marked(table));
            progress.accept((double) done.tables++ / offsets.length);
            return readable(file.scan(table, geometry.clusterSize(), (offset, part) -> l2.entries(part)), "L2 table");
        });
    }

    /** -1 where the block of the cluster cannot be read, or is not read yet. */
    private long refcount(long cluster, boolean copied, long times) {
        long block = cluster >>> geometry.refcountBlockBits();
        if (block >= onDisk.table().length) {
            return 0;
        }
        long offset = onDisk.table()[(int) block];
        if (!geometry.aligned(offset & -512)) {
            return -1;
        }
        if (cluster < knownEnd || offset == 0) {
            return onDisk.counts().get(cluster);
        }
        beyond.add(cluster << 1 | (copied ? 1 : 0), times, times);
        return -1;
    }

    private Mono<Void> copiedBeyond() {
        return TableWalk.each(beyond.offsets(), key -> {
            long cluster = key >>> 1;
            int order = geometry.refcountOrder();
            long block = onDisk.table()[(int) (cluster >>> geometry.refcountBlockBits())] & -512;
            long index = cluster & (1L << geometry.refcountBlockBits()) - 1;
            long at = block + ((index << order) >>> 3 & -8);
            return file.read(at, 8)
                    .doOnNext(bytes -> {
                        long refcount = RefcountCodec.get(bytes, (int) (index & (64 >> order) - 1), order);
                        l2.copiedWrong += (refcount == 1) != ((key & 1) != 0) ? beyond.count(key) : 0;
                    })
                    .then();
        });
    }

    private void refcountBlocks() {
        references.addOwn(header.refcountTableOffset(), onDisk.table().length * 8L);
        for (int i = 0; i < onDisk.table().length; i++) {
            long entry = onDisk.table()[i];
            int number = i;
            if ((entry & L2Entry.REFCOUNT_TABLE_RESERVED) != 0) {
                findings.corruption(1, () -> "Refcount table entry " + number + " has reserved bits set");
                rebuild = true;
            } else if (!geometry.aligned(entry)) {
                findings.corruption(1, () -> "Refcount block " + number + " is not aligned to a cluster");
                rebuild = true;
            } else if (entry >>> geometry.clusterBits()
                    >= Math.max(fileClusters, references.counts().end())) {
                findings.corruption(1, () -> "Refcount block " + number + " is outside of the file");
                rebuild = true;
            } else if (entry != 0) {
                // Whatever else it is: where refcounts have one bit, the count does not tell.
                rebuild |= references.counts().get(entry >>> geometry.clusterBits()) != 0;
                references.addOwn(entry, geometry.clusterSize());
                if (references.counts().get(entry >>> geometry.clusterBits()) != 1) {
                    findings.corruption(1, () -> "Refcount block " + number + " is used for something else too");
                    rebuild = true;
                }
            }
        }
    }

    private void compare() {
        RefcountMap expected = references.counts();
        RefcountMap actual = onDisk.counts();
        long end = Math.max(fileClusters, expected.end());
        for (int i = 0; i < onDisk.table().length; i++) {
            if (!geometry.aligned(onDisk.table()[i] & -512)) {
                long first = (long) i << geometry.refcountBlockBits();
                findings.uncounted += Math.max(0, Math.min(end - first, 1L << geometry.refcountBlockBits()));
            }
        }
        for (long cluster = Math.min(expected.next(0), actual.next(0)); cluster < end; ) {
            long counted = actual.get(cluster);
            long wanted = expected.get(cluster);
            if (refcount(cluster, false, 0) >= 0) {
                highest = counted != 0 || wanted != 0 ? cluster : highest;
                if (counted != wanted) {
                    mismatch(cluster, counted, wanted);
                }
            }
            long next = expected.next(cluster + 1);
            long nextActual = actual.next(cluster + 1);
            if (next >= expected.end() && nextActual >= actual.end()) {
                break;
            }
            cluster = next >= expected.end()
                    ? nextActual
                    : nextActual >= actual.end() ? next : Math.min(next, nextActual);
        }
    }

    private void mismatch(long cluster, long counted, long wanted) {
        if (counted == 0) {
            long block = cluster >>> geometry.refcountBlockBits();
            rebuild |= block >= onDisk.table().length || onDisk.table()[(int) block] == 0;
        }
        if (counted < wanted) {
            findings.corruption(1, () -> "Cluster " + cluster + " refcount=" + counted + " reference=" + wanted);
        } else {
            findings.leak(() -> "Leaked cluster " + cluster + " refcount=" + counted + " reference=" + wanted);
        }
    }

    Findings findings() {
        return findings;
    }

    /** Findings that are errors. */
    long corruptions() {
        return findings.corruptions + l2.copiedWrong;
    }

    long checkErrors() {
        return findings.unreadable + findings.uncounted;
    }

    L2Check l2() {
        return l2;
    }

    SnapshotTable snapshots() {
        return snapshots;
    }

    int incompleteSnapshots() {
        return incompleteSnapshots;
    }

    RefcountMap expected() {
        return references.counts();
    }

    RefcountMap actual() {
        return onDisk.counts();
    }

    long[] refcountTable() {
        return onDisk.table();
    }

    /** Whether the refcount table, or what it refers to, cannot be mended in place. */
    boolean needsRebuild() {
        return rebuild;
    }

    /** One more than the highest cluster that is part of the file. */
    long clusters() {
        return Math.max(fileClusters, references.counts().end());
    }

    /** One more than the highest cluster of the file that is used, or counted. */
    long endCluster() {
        return highest + 1;
    }

    /** Whether enough is known to mend anything. */
    boolean mendable() {
        return findings.unreadable == 0 && !lost;
    }

    OffsetCounts l2TableOffsets() {
        return tables;
    }

    /** Whether nothing else refers to the clusters of the active L1 table. */
    boolean l1TableAlone() {
        long first = header.l1Offset() >>> geometry.clusterBits();
        for (long i = 0; i < geometry.clusters(header.l1Entries() * 8L); i++) {
            if (references.counts().get(first + i) != 1) {
                return false;
            }
        }
        return true;
    }

    /** Whether nothing but L1 entries refers to the cluster of an L2 table. */
    boolean l2TableAlone(long offset) {
        return references.counts().get(offset >>> geometry.clusterBits()) == tables.count(offset);
    }

    /** Makes {@link #expected} what it would be without a refcount table. */
    void forgetRefcountStructures() {
        references.forgetOwn();
    }
}
