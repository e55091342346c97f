package dev.weir.storage.qcow2;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import reactor.core.publisher.Mono;

/**
 * The refcounts of an image that nobody else uses, all in memory. Changes stay there until {@link #commit}; whoever needs
 * some on disk before others commits those first. After a failure it is of no more use.
 */
final class OfflineRefcounts {
    private static final int ENTRIES_A_SECTOR = 64;

    private final MetadataFile file;
    private final Geometry geometry;
    private final RefcountMap counts;

    /** Offsets of blocks; 0 where there is none. As long as the table on disk. */
    private long[] table;

    private long tableOffset;
    private long tableClusters;

    /** Where the table of the header lies, until the new one takes its place. */
    private long formerOffset;

    private long formerClusters;

    /** Numbers of blocks that differ from those on disk. */
    private final BitSet dirty = new BitSet();

    /** Numbers of blocks that the table on disk does not have. */
    private final BitSet added = new BitSet();

    /** No cluster before it is free. */
    private long cursor = 1;

    private OfflineRefcounts(MetadataFile file, Geometry geometry, RefcountMap counts, long[] table, long tableOffset) {
        this.file = file;
        this.geometry = geometry;
        this.counts = counts;
        this.table = table;
        this.tableOffset = tableOffset;
        this.tableClusters = geometry.clusters(table.length * 8L);
    }

    /** Reads all refcounts. Fails with {@link BlockErrorKind#INVALID_FORMAT} where the table or a block cannot be. */
    static Mono<OfflineRefcounts> load(MetadataFile file, Qcow2Header header) {
        Geometry geometry = header.geometry();
        RefcountReader reader = new RefcountReader(file, header);
        return reader.readTable()
                .then(Mono.defer(() -> reader.readBlocks(RefcountMap.MAX_CLUSTERS)))
                .then(Mono.fromSupplier(() -> {
                    OfflineRefcounts refcounts = new OfflineRefcounts(
                            file, geometry, reader.counts(), reader.table(), header.refcountTableOffset());
                    if (!reader.sound()) {
                        throw corrupt("refcount table");
                    }
                    refcounts.requireUsed(header);
                    return refcounts;
                }));
    }

    /** With the blocks of a sound table, and the counts on disk, that were read before. */
    static OfflineRefcounts of(MetadataFile file, Qcow2Header header, RefcountMap counts, long[] table) {
        return new OfflineRefcounts(file, header.geometry(), counts, table, header.refcountTableOffset());
    }

    /**
     * Without a table on disk: the next commit makes one, past everything that is in use, which then takes the place of
     * that of the header.
     *
     * @param counts without table and blocks
     * @param end the cluster from which on nothing is in use
     */
    static OfflineRefcounts rebuild(MetadataFile file, Geometry geometry, RefcountMap counts, long end) {
        OfflineRefcounts refcounts = new OfflineRefcounts(file, geometry, counts, new long[0], 0);
        refcounts.cursor = Math.max(1, end);
        for (long cluster = counts.next(0); cluster < counts.end(); ) {
            long block = cluster >>> geometry.refcountBlockBits();
            refcounts.dirty.set((int) block);
            cluster = counts.next(block + 1 << geometry.refcountBlockBits());
        }
        return refcounts;
    }

    /** What would be overwritten if it were taken for free. */
    private void requireUsed(Qcow2Header header) {
        requireUsed(0, 1, "header");
        requireUsed(header.l1Offset(), header.l1Entries() * 8L, "L1 table");
        requireUsed(tableOffset, table.length * 8L, "refcount table");
        for (long block : table) {
            requireUsed(block, block == 0 ? 0 : 1, "refcount block");
        }
    }

    /** Fails where a cluster of a range has the refcount 0. */
    void requireUsed(long offset, long bytes, String what) {
        long end = geometry.clusters(offset + bytes);
        for (long cluster = offset >>> geometry.clusterBits(); cluster < end; cluster++) {
            if (counts.get(cluster) == 0) {
                throw corrupt(what);
            }
        }
    }

    static BlockException corrupt(String what) {
        return HeaderParser.invalid("The image is corrupt (" + what + "); it must be checked and repaired first");
    }

    /** The header with the table that is on disk after a commit. */
    Qcow2Header in(Qcow2Header header) {
        return header.withRefcountTable(tableOffset, (int) tableClusters);
    }

    long get(long cluster) {
        return counts.get(cluster);
    }

    /** Fails with {@link BlockErrorKind#INVALID} where the image has no such large refcounts. */
    void change(long cluster, long delta) {
        long count = counts.get(cluster) + delta;
        if (count < 0) {
            throw corrupt("refcount of cluster " + cluster);
        }
        if (count > geometry.maxRefcount()) {
            throw BlockException.of(
                    BlockErrorKind.INVALID,
                    "The refcounts of the image have " + geometry.refcountBits()
                            + " bits, too few for another snapshot");
        }
        set(cluster, count);
    }

    void set(long cluster, long count) {
        counts.set(cluster, count);
        dirty.set((int) (cluster >>> geometry.refcountBlockBits()));
        if (count == 0 && cluster > 0) {
            cursor = Math.min(cursor, cluster);
        }
    }

    /** Takes free clusters in a row, with the refcount 1. */
    long allocate(long clusters) {
        long start = cursor;
        while (true) {
            long used = start;
            while (used < start + clusters && counts.get(used) == 0) {
                used++;
            }
            if (used == start + clusters) {
                break;
            }
            start = used + 1;
        }
        if (start + clusters > RefcountMap.MAX_CLUSTERS) {
            throw BlockException.of(BlockErrorKind.FILE_TOO_LARGE, "The image has no more room for metadata");
        }
        for (long i = 0; i < clusters; i++) {
            set(start + i, 1);
        }
        if (clusters == 1) {
            cursor = start + 1;
        }
        return start << geometry.clusterBits();
    }

    void free(long offset, long bytes) {
        long first = offset >>> geometry.clusterBits();
        for (long i = 0; i < geometry.clusters(bytes); i++) {
            change(first + i, -1);
        }
    }

    /**
     * Takes clusters for the blocks and the table that the changes need. Whatever can fail without I/O fails here, before
     * anything is written.
     */
    void plan() {
        boolean again = true;
        while (again) {
            again = false;
            for (int block = dirty.nextSetBit(0); block >= 0; block = dirty.nextSetBit(block + 1)) {
                if ((block >= table.length || table[block] == 0) && inUse(block)) {
                    if (block >= table.length) {
                        growTable(block + 1);
                    }
                    table[block] = allocate(1);
                    added.set(block);
                    again = true;
                }
            }
        }
    }

    private boolean inUse(int block) {
        long first = (long) block << geometry.refcountBlockBits();
        long next = counts.next(first);
        return next < counts.end() && next < first + (1L << geometry.refcountBlockBits());
    }

    private void growTable(int entries) {
        int perCluster = geometry.clusterSize() / 8;
        long clusters = ((long) entries + perCluster - 1) / perCluster;
        clusters = Math.max(clusters, tableClusters == 0 ? 0 : tableClusters + (tableClusters + 1) / 2);
        clusters = Math.min(clusters, HeaderParser.MAX_REFCOUNT_TABLE_BYTES >>> geometry.clusterBits());
        if (clusters * perCluster < entries) {
            throw BlockException.of(BlockErrorKind.FILE_TOO_LARGE, "The refcount table cannot grow further");
        }
        if (formerOffset == 0) {
            formerOffset = tableOffset;
            formerClusters = tableClusters;
        } else {
            // It was to be the new table, and is too small already.
            free(tableOffset, tableClusters << geometry.clusterBits());
        }
        if (formerOffset == 0) {
            // There is none in the header that this one knows of.
            formerOffset = -1;
        }
        tableOffset = allocate(clusters);
        tableClusters = clusters;
        table = Arrays.copyOf(table, (int) (clusters * perCluster));
    }

    /** Writes the changes, in an order that leaves the table on disk sound at any time, and flushes. */
    Mono<Void> commit() {
        return Mono.defer(() -> {
            plan();
            return writeBlocks()
                    .then(Mono.defer(file::flush))
                    .then(Mono.defer(() -> formerOffset == 0 ? linkBlocks() : replaceTable()));
        });
    }

    private Mono<Void> writeBlocks() {
        long blockBytes = geometry.clusterSize();
        int part = (int) Math.min(blockBytes, MetadataFile.CHUNK);
        int entries = (int) ((long) part * 8 >>> geometry.refcountOrder());
        var position = new Object() {
            int block = nextBlock(0);
            long at;
        };
        return Mono.defer(() -> {
                    if (position.block < 0) {
                        return Mono.empty();
                    }
                    long first = ((long) position.block << geometry.refcountBlockBits())
                            + (position.at * 8 >>> geometry.refcountOrder());
                    ByteBuffer counted = encode(first, entries, part);
                    long offset = table[position.block] + position.at;
                    position.at += part;
                    if (position.at == blockBytes) {
                        position.at = 0;
                        position.block = nextBlock(position.block + 1);
                    }
                    return file.write(offset, counted);
                })
                .repeat(() -> position.block >= 0)
                .then(Mono.fromRunnable(dirty::clear));
    }

    private int nextBlock(int from) {
        int block = dirty.nextSetBit(from);
        while (block >= 0 && (block >= table.length || table[block] == 0)) {
            block = dirty.nextSetBit(block + 1);
        }
        return block;
    }

    private ByteBuffer encode(long first, int entries, int bytes) {
        ByteBuffer block = file.buffer(bytes);
        for (int i = 0; i < bytes; i += 8) {
            block.putLong(i, 0);
        }
        for (long cluster = counts.next(first); cluster < counts.end() && cluster < first + entries; ) {
            RefcountCodec.put(block, (int) (cluster - first), geometry.refcountOrder(), counts.get(cluster));
            cluster = counts.next(cluster + 1);
        }
        return block;
    }

    private Mono<Void> linkBlocks() {
        int first = added.nextSetBit(0);
        if (first < 0) {
            return Mono.empty();
        }
        int from = first & -ENTRIES_A_SECTOR;
        int to = (added.length() - 1 & -ENTRIES_A_SECTOR) + ENTRIES_A_SECTOR;
        added.clear();
        return writeTable(from, to).then(Mono.defer(file::flush));
    }

    private Mono<Void> replaceTable() {
        added.clear();
        return writeTable(0, table.length)
                .then(Mono.defer(() -> file.updateHeader(
                        header -> header.putLong(48, tableOffset).putInt(56, (int) tableClusters))))
                .then(Mono.defer(() -> {
                    long former = formerOffset;
                    formerOffset = 0;
                    if (former < 0) {
                        return Mono.empty();
                    }
                    free(former, formerClusters << geometry.clusterBits());
                    return commit();
                }));
    }

    private Mono<Void> writeTable(int from, int to) {
        var position = new Object() {
            int at = from;
        };
        return Mono.defer(() -> {
                    int n = Math.min(to - position.at, MetadataFile.CHUNK / 8);
                    ByteBuffer part = file.buffer(n * 8);
                    for (int i = 0; i < n; i++) {
                        part.putLong(table[position.at + i]);
                    }
                    long offset = tableOffset + position.at * 8L;
                    position.at += n;
                    return file.write(offset, part.flip());
                })
                .repeat(() -> position.at < to)
                .then();
    }
}
