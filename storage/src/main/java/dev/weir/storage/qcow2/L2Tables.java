package dev.weir.storage.qcow2;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The L1 table, all of it, and a cache of slices of L2 tables. What is there is found without a lock; everything else is
 * under the metadata lock.
 */
final class L2Tables {
    private static final int L1_SECTOR = 64;
    private static final int MAX_SLICES = 1 << 22;

    private final Object lock;
    private final Geometry geometry;
    private final HostFile file;
    private final int sliceBytes;
    private final int sliceEntryBits;
    private final int slicesPerTableBits;
    private final int capacity;
    private final ClusterSet metadata;

    /** Both replaced only while nothing else goes on in the image. */
    private volatile long[] l1;

    private volatile AtomicReferenceArray<@Nullable L2Slice> slices;

    private final Map<Integer, Mono<L2Slice>> loading = new HashMap<>();
    private final List<L2Slice> resident = new ArrayList<>();
    private boolean[] dirtyL1 = {};
    private int dirtySlices;
    private int hand;

    /**
     * @param sliceBytes a power of two, at most a cluster
     * @param cacheBytes how much of the tables is kept, where it need not be more
     */
    L2Tables(
            Object lock,
            Geometry geometry,
            HostFile file,
            long[] l1,
            int sliceBytes,
            long cacheBytes,
            ClusterSet metadata) {
        this.lock = lock;
        this.geometry = geometry;
        this.file = file;
        this.metadata = metadata;
        int bytes = sliceBytes;
        while (bytes < geometry.clusterSize() && (long) l1.length * (geometry.clusterSize() / bytes) > MAX_SLICES) {
            bytes *= 2;
        }
        this.sliceBytes = bytes;
        this.sliceEntryBits = Integer.numberOfTrailingZeros(bytes / geometry.l2EntryBytes());
        this.slicesPerTableBits = geometry.clusterBits() - Integer.numberOfTrailingZeros(bytes);
        this.capacity = (int)
                Math.max(Math.max(16, 4L << slicesPerTableBits), Math.min(Integer.MAX_VALUE / 2, cacheBytes / bytes));
        this.l1 = l1;
        this.slices = new AtomicReferenceArray<>(Math.multiplyExact(l1.length, 1 << slicesPerTableBits));
        this.dirtyL1 = new boolean[sectors(l1.length)];
    }

    private static int sectors(int l1Entries) {
        return (l1Entries + L1_SECTOR - 1) / L1_SECTOR;
    }

    /** The slice for a guest offset. */
    int sliceOf(long guest) {
        return (int) (guest >>> geometry.clusterBits() + sliceEntryBits);
    }

    int entryOf(long guest) {
        return (int) (guest >>> geometry.clusterBits()) & (1 << sliceEntryBits) - 1;
    }

    /** The first guest byte that the slice says nothing of any more. */
    long endOfSlice(long guest) {
        int bits = geometry.clusterBits() + sliceEntryBits;
        return (guest >>> bits) + 1 << bits;
    }

    /** The first guest byte that the L2 table says nothing of any more. */
    long endOfTable(long guest) {
        return (guest >>> geometry.l1Shift()) + 1 << geometry.l1Shift();
    }

    /** Whether there is an L2 table for a guest offset; without one nothing is allocated. Any thread. */
    boolean hasTable(long guest) {
        return L2Entry.offset(l1[(int) (guest >>> geometry.l1Shift())]) != 0;
    }

    /** The slice for a guest offset, or null where it has to be loaded. Any thread. */
    @Nullable
    L2Slice cached(long guest) {
        L2Slice slice = slices.get(sliceOf(guest));
        if (slice != null) {
            slice.touch();
        }
        return slice;
    }

    /** Loads the slice for a guest offset; there is a table. Those who ask for the same share the load. Any thread. */
    Mono<L2Slice> load(long guest) {
        return Mono.defer(() -> {
            synchronized (lock) {
                int index = sliceOf(guest);
                L2Slice slice = slices.get(index);
                return slice != null
                        ? Mono.just(slice)
                        : loading.computeIfAbsent(index, i -> read(i, guest).cache());
            }
        });
    }

    private Mono<L2Slice> read(int index, long guest) {
        return Mono.defer(() -> {
            int table = (int) (guest >>> geometry.l1Shift());
            long entry = l1[table];
            long offset = L2Entry.offset(entry);
            if ((entry & L2Entry.L1_RESERVED) != 0 || !geometry.aligned(offset) || offset == 0) {
                synchronized (lock) {
                    loading.remove(index);
                }
                throw new Corruption("L2 table offset " + Long.toHexString(offset) + " unaligned (L1 index: "
                        + Integer.toHexString(table) + ")");
            }
            ByteBuffer bytes = ByteBuffer.allocateDirect(sliceBytes);
            return file.read(placeOf(index, offset), bytes)
                    .then(Mono.defer(() -> {
                        long[] words = new long[sliceBytes / 8];
                        bytes.clear().asLongBuffer().get(words);
                        synchronized (lock) {
                            loading.remove(index);
                            if (l1[table] != entry) {
                                // The table was copied meanwhile.
                                return L2Entry.offset(l1[table]) == 0 ? Mono.<L2Slice>error(gone()) : load(guest);
                            }
                            L2Slice there = slices.get(index);
                            return Mono.just(there != null ? there : insert(index, words));
                        }
                    }))
                    .doOnError(failure -> {
                        synchronized (lock) {
                            loading.remove(index);
                        }
                    });
        });
    }

    private static RuntimeException gone() {
        return BlockException.of(BlockErrorKind.IO, "The L2 table went while it was read");
    }

    private long placeOf(int index, long tableOffset) {
        return tableOffset + (long) (index & (1 << slicesPerTableBits) - 1) * sliceBytes;
    }

    private L2Slice insert(int index, long[] words) {
        // Not this one: it is waited for.
        evict();
        L2Slice slice = new L2Slice(index, words, geometry.extendedL2());
        slices.set(index, slice);
        resident.add(slice);
        return slice;
    }

    /** Drops what was not used for long, is clean and in nobody's hands. */
    private void evict() {
        for (int looked = 0; resident.size() > capacity && looked < 2 * capacity; looked++) {
            if (hand >= resident.size()) {
                hand = 0;
            }
            L2Slice slice = resident.get(hand);
            if (!slice.droppable() || slice.wasUsed()) {
                hand++;
                continue;
            }
            slices.set(slice.index(), null);
            L2Slice last = resident.remove(resident.size() - 1);
            if (last != slice) {
                resident.set(hand, last);
            }
        }
    }

    /** Whether so much has changed that it should be written before more does. */
    boolean crowded() {
        return dirtySlices > capacity / 2;
    }

    // Below: under the lock.

    long[] l1() {
        return l1;
    }

    /** The slice for a guest offset; there is a table. @throws Missing where it has to be loaded */
    L2Slice require(long guest) {
        L2Slice slice = slices.get(sliceOf(guest));
        if (slice == null) {
            throw new Missing(load(guest));
        }
        slice.touch();
        return slice;
    }

    /** Whether the L2 table for a guest offset is there, and may be changed in place. */
    boolean writable(long guest) {
        return L2Entry.copied(l1[(int) (guest >>> geometry.l1Shift())]);
    }

    /** All slices of the L2 table for a guest offset. @throws Missing where one has to be loaded */
    List<L2Slice> requireTable(long guest) {
        long start = guest >>> geometry.l1Shift() << geometry.l1Shift();
        List<L2Slice> all = new ArrayList<>();
        for (long at = start; at < endOfTable(guest); at = endOfSlice(at)) {
            all.add(require(at));
        }
        return all;
    }

    /**
     * Has the L2 table for a guest offset at a new place, which was allocated for it: the one that is, of which all slices are
     * there, or an empty one. Returns the place before, or 0.
     */
    long move(long guest, long offset) {
        int table = (int) (guest >>> geometry.l1Shift());
        long before = L2Entry.offset(l1[table]);
        int first = table << slicesPerTableBits;
        for (int index = first; index < first + (1 << slicesPerTableBits); index++) {
            L2Slice slice = slices.get(index);
            if (slice == null) {
                slice = new L2Slice(index, new long[sliceBytes / 8], geometry.extendedL2());
                slices.set(index, slice);
                resident.add(slice);
            }
            changed(slice);
        }
        l1[table] = offset | L2Entry.COPIED;
        dirtyL1[table / L1_SECTOR] = true;
        metadata.add(offset >>> geometry.clusterBits());
        if (before != 0) {
            metadata.removeRange(before, 1, geometry);
        }
        evict();
        return before;
    }

    /** Notes that entries of a slice are about to change. */
    void changed(L2Slice slice) {
        if (!slice.dirty()) {
            slice.dirty(true);
            dirtySlices++;
        }
    }

    void unpin(L2Slice slice) {
        slice.unpin();
    }

    boolean dirty() {
        if (dirtySlices > 0) {
            return true;
        }
        for (boolean sector : dirtyL1) {
            if (sector) {
                return true;
            }
        }
        return false;
    }

    /** Copies of what has changed of the L2 tables; they count as clean from then on, and stay in the cache until written. */
    void takeSlices(List<TableWrite> writes) {
        for (L2Slice slice : resident) {
            if (slice.dirty()) {
                ByteBuffer bytes = ByteBuffer.allocateDirect(sliceBytes);
                bytes.asLongBuffer().put(slice.words());
                slice.dirty(false);
                dirtySlices--;
                slice.pin();
                long table = L2Entry.offset(l1[slice.index() >>> slicesPerTableBits]);
                writes.add(
                        new TableWrite(placeOf(slice.index(), table), bytes, () -> changed(slice), () -> unpin(slice)));
            }
        }
    }

    /** Copies of the sectors of the L1 table that have changed. */
    void takeL1(long l1Offset, List<TableWrite> writes) {
        for (int sector = 0; sector < dirtyL1.length; sector++) {
            if (dirtyL1[sector]) {
                int first = sector * L1_SECTOR;
                int entries = Math.min(L1_SECTOR, l1.length - first);
                ByteBuffer bytes = ByteBuffer.allocateDirect(entries * 8);
                bytes.asLongBuffer().put(l1, first, entries);
                int number = sector;
                dirtyL1[sector] = false;
                writes.add(new TableWrite(l1Offset + first * 8L, bytes, () -> dirtyL1[number] = true, () -> {}));
            }
        }
    }

    /** Has an L1 table of another length; nothing is changed, and nothing else goes on. */
    void replaceL1(long[] table) {
        AtomicReferenceArray<@Nullable L2Slice> more =
                new AtomicReferenceArray<>(Math.multiplyExact(table.length, 1 << slicesPerTableBits));
        resident.removeIf(slice -> slice.index() >= more.length());
        for (L2Slice slice : resident) {
            more.set(slice.index(), slice);
        }
        hand = 0;
        l1 = table;
        dirtyL1 = new boolean[sectors(table.length)];
        slices = more;
    }
}
