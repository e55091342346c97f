package dev.weir.storage.qcow2;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The refcount table, all of it, and a cache of refcount blocks; finds free clusters. Under the metadata lock but for
 * {@link #load}.
 */
final class Refcounts {
    private final Object lock;
    private final Geometry geometry;
    private final HostFile file;
    private final ClusterSet metadata;
    private final int blockBits;
    private final int capacity;
    private final Map<Integer, RefcountBlock> blocks = new HashMap<>();
    private final List<RefcountBlock> resident = new ArrayList<>();
    private final Map<Integer, Mono<RefcountBlock>> loading = new HashMap<>();

    private final RefcountTable table;
    private int hand;

    /** No cluster before it is free. */
    private long hint = 1;

    /** No cluster from it on was ever in use. */
    private long end;

    Refcounts(
            Object lock,
            Geometry geometry,
            HostFile file,
            long tableOffset,
            long[] table,
            long cacheBytes,
            ClusterSet metadata) {
        this.lock = lock;
        this.geometry = geometry;
        this.file = file;
        this.metadata = metadata;
        this.blockBits = geometry.refcountBlockBits();
        this.capacity = (int) Math.max(4, Math.min(1 << 20, cacheBytes >>> geometry.clusterBits()));
        this.table = new RefcountTable(geometry, tableOffset, table);
        this.end = geometry.clusters(file.length());
    }

    RefcountTable table() {
        return table;
    }

    /** Has no guest data go where refcount blocks are. */
    void protectBlocks() {
        for (int index = 0; index < table.entries(); index++) {
            if (table.has(index)) {
                metadata.add(table.block(index) >>> geometry.clusterBits());
            }
        }
    }

    /** Clusters that follow each other. */
    record Clusters(long offset, int count) {}

    /** Puts one to at most {@code max} free clusters to use. */
    Clusters allocate(int max) {
        while (true) {
            int index = Math.toIntExact(hint >>> blockBits);
            if (index >= table.entries()) {
                growTable(index, (long) index << blockBits);
            } else if (!table.has(index)) {
                addBlock(index);
            }
            RefcountBlock block = require(index);
            int first = (int) (hint & block.entries() - 1);
            while (first < block.entries() && block.get(first) != 0) {
                first++;
            }
            if (first == block.entries()) {
                hint = (long) (index + 1) << blockBits;
                continue;
            }
            int next = first;
            while (next < block.entries() && next - first < max && block.get(next) == 0) {
                next++;
            }
            long cluster = ((long) index << blockBits) + first;
            for (int number = first; number < next; number++) {
                requireNoMetadata(cluster + number - first);
            }
            for (int number = first; number < next; number++) {
                block.put(number, 1);
            }
            hint = cluster + next - first;
            end = Math.max(end, hint);
            return new Clusters(cluster << geometry.clusterBits(), next - first);
        }
    }

    private void requireNoMetadata(long cluster) {
        if (cluster == 0 || metadata.contains(cluster)) {
            throw new Corruption("Preventing invalid allocation of cluster " + cluster + ", which holds metadata");
        }
    }

    /** Makes the block with that index, which lies where its own range begins. */
    private void addBlock(int index) {
        long cluster = (long) index << blockBits;
        requireNoMetadata(cluster);
        insert(index, cluster).put(0, 1);
    }

    /** Puts that many clusters to use that follow each other and that were never used. Returns their offset. */
    long allocateAtEnd(int count) {
        while (true) {
            long first = Math.max(end, hint);
            int missing = 0;
            for (long index = first >>> blockBits; index <= first + missing + count - 1 >>> blockBits; index++) {
                if (index >= table.entries()) {
                    growTable(Math.toIntExact(index), Math.max(first, index << blockBits));
                    missing = -1;
                    break;
                } else if (!table.has(index)) {
                    missing++;
                } else {
                    require((int) index);
                }
            }
            if (missing > 0) {
                addBlocks(first, count);
            } else if (missing == 0 && use(first, count)) {
                return first << geometry.clusterBits();
            }
        }
    }

    /** Makes the blocks that clusters from {@code first} on, and the blocks themselves before them, have not. */
    private void addBlocks(long first, int count) {
        int added = 0;
        for (long index = first >>> blockBits; index <= first + added + count - 1 >>> blockBits; index++) {
            if (!table.has(index)) {
                insert((int) index, first + added++);
            }
        }
        for (long cluster = first; cluster < first + added; cluster++) {
            RefcountBlock block = require((int) (cluster >>> blockBits));
            block.put((int) (cluster & block.entries() - 1), 1);
        }
    }

    /** Whether all of them are free, and in use now. */
    private boolean use(long first, int count) {
        for (long cluster = first; cluster < first + count; cluster++) {
            RefcountBlock block = require((int) (cluster >>> blockBits));
            requireNoMetadata(cluster);
            if (block.get((int) (cluster & block.entries() - 1)) != 0) {
                end = cluster + 1;
                return false;
            }
        }
        for (long cluster = first; cluster < first + count; cluster++) {
            RefcountBlock block = require((int) (cluster >>> blockBits));
            block.put((int) (cluster & block.entries() - 1), 1);
        }
        end = first + count;
        return true;
    }

    /** An empty block at that cluster. */
    private RefcountBlock insert(int index, long cluster) {
        RefcountBlock block =
                new RefcountBlock(index, geometry.refcountOrder(), ByteBuffer.allocateDirect(geometry.clusterSize()));
        block.dirty(true);
        blocks.put(index, block);
        resident.add(block);
        table.block(index, cluster << geometry.clusterBits());
        metadata.add(cluster);
        end = Math.max(end, cluster + 1);
        return block;
    }

    /** Puts a longer table, with blocks for all that takes, where the range of block {@code index} begins. */
    private void growTable(int index, long place) {
        long perBlock = 1L << blockBits;
        int bits = geometry.clusterBits();
        long needed = index + 2L;
        long clusters = Math.max(geometry.clusters(needed * 8), (table.clusters() * 3L + 1) / 2);
        long newBlocks = 1;
        long skipped = place - ((long) index << blockBits);
        while (true) {
            newBlocks = (skipped + clusters + newBlocks + perBlock - 1) / perBlock;
            if (skipped + clusters + newBlocks <= newBlocks * perBlock && index + newBlocks <= clusters << bits - 3) {
                break;
            }
            if (index + newBlocks > clusters << bits - 3) {
                clusters++;
            }
        }
        if (clusters << bits > HeaderParser.MAX_REFCOUNT_TABLE_BYTES) {
            throw BlockException.of(BlockErrorKind.FILE_TOO_LARGE, "The refcount table would become too large");
        }
        long tableCluster = place + newBlocks;
        metadata.removeRange(table.offset(), (long) table.clusters() << bits, geometry);
        table.move(Math.toIntExact(clusters << bits - 3), tableCluster << bits);
        for (int i = 0; i < newBlocks; i++) {
            insert(index + i, place + i);
        }
        for (long cluster = place; cluster < tableCluster + clusters; cluster++) {
            RefcountBlock block = blocks.get((int) (cluster >>> blockBits));
            if (block == null) {
                throw new IllegalStateException("no refcount block for cluster " + cluster);
            }
            block.put((int) (cluster & perBlock - 1), 1);
        }
        metadata.addRange(table.offset(), clusters << bits, geometry);
        end = Math.max(end, tableCluster + clusters);
    }

    /** Whether there is a refcount for the cluster of a byte of the file. Any thread. */
    boolean covers(long offset) {
        return table.has(offset >>> geometry.clusterBits() + blockBits);
    }

    /** @throws Missing where it has to be loaded */
    long get(long cluster) {
        long index = cluster >>> blockBits;
        if (!table.has(index)) {
            return 0;
        }
        RefcountBlock block = require((int) index);
        return block.get((int) (cluster & block.entries() - 1));
    }

    /** One reference less. @throws Missing where the block has to be loaded */
    void decrement(long cluster) {
        long before = get(cluster);
        if (before == 0) {
            throw new Corruption("Cluster " + cluster + " is freed, and has no references");
        }
        RefcountBlock block = require((int) (cluster >>> blockBits));
        block.put((int) (cluster & block.entries() - 1), before - 1);
        if (before == 1) {
            hint = Math.min(hint, cluster);
        }
    }

    /** No byte of the file from it on is in use. */
    long end() {
        return end << geometry.clusterBits();
    }

    private RefcountBlock require(int index) {
        RefcountBlock block = blocks.get(index);
        if (block == null) {
            throw new Missing(load(index));
        }
        block.touch();
        return block;
    }

    private Mono<RefcountBlock> load(int index) {
        return Mono.defer(() -> {
            synchronized (lock) {
                RefcountBlock block = blocks.get(index);
                return block != null ? Mono.just(block) : loading.computeIfAbsent(index, i -> read(i).cache());
            }
        });
    }

    private Mono<RefcountBlock> read(int index) {
        return Mono.defer(() -> {
                    long offset = table.block(index);
                    if ((offset & L2Entry.REFCOUNT_TABLE_RESERVED) != 0 || !geometry.aligned(offset) || offset <= 0) {
                        throw new Corruption("Refblock offset " + Long.toHexString(offset)
                                + " unaligned (reftable index: " + Integer.toHexString(index) + ")");
                    }
                    ByteBuffer bytes = ByteBuffer.allocateDirect(geometry.clusterSize());
                    return file.read(offset, bytes).then(Mono.fromSupplier(() -> {
                        synchronized (lock) {
                            loading.remove(index);
                            @Nullable RefcountBlock there = blocks.get(index);
                            if (there != null) {
                                return there;
                            }
                            // Not this one: whoever waits for it would wait for ever where all others have changed.
                            evict();
                            RefcountBlock block = new RefcountBlock(index, geometry.refcountOrder(), bytes.clear());
                            blocks.put(index, block);
                            resident.add(block);
                            return block;
                        }
                    }));
                })
                .doOnError(failure -> {
                    synchronized (lock) {
                        loading.remove(index);
                    }
                });
    }

    /** Drops what the cache has no room for, as far as it is written; never within a step that has made blocks. */
    void evict() {
        for (int looked = 0; resident.size() > capacity && looked < 2 * resident.size(); looked++) {
            if (hand >= resident.size()) {
                hand = 0;
            }
            RefcountBlock block = resident.get(hand);
            if (!block.droppable() || block.wasUsed()) {
                hand++;
                continue;
            }
            blocks.remove(block.index());
            RefcountBlock last = resident.remove(resident.size() - 1);
            if (last != block) {
                resident.set(hand, last);
            }
        }
    }

    boolean dirty() {
        return table.dirty() || resident.stream().anyMatch(RefcountBlock::dirty);
    }

    /** Whether so much has changed that it should be written before more does. */
    boolean crowded() {
        return resident.size() > 2 * capacity;
    }

    /** Copies of the blocks that have changed. What was copied before there was no memory for more is in {@code writes}. */
    void takeBlocks(List<TableWrite> writes) {
        for (RefcountBlock block : resident) {
            if (block.dirty()) {
                ByteBuffer copy = block.copy();
                block.dirty(false);
                block.pin();
                writes.add(new TableWrite(table.block(block.index()), copy, () -> block.dirty(true), block::unpin));
            }
        }
    }
}
