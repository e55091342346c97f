package dev.weir.storage.qcow2;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The refcount table, all of it: where the refcount blocks are. Under the metadata lock but for {@link #has}. */
final class RefcountTable {
    private static final int SECTOR = 64;

    private final Geometry geometry;
    private final List<long[]> replaced = new ArrayList<>();
    private volatile long[] blocks;
    private long offset;
    private boolean moved;
    private boolean[] dirty;

    RefcountTable(Geometry geometry, long offset, long[] blocks) {
        this.geometry = geometry;
        this.offset = offset;
        this.blocks = blocks;
        this.dirty = new boolean[sectors(blocks.length)];
    }

    private static int sectors(int entries) {
        return (entries + SECTOR - 1) / SECTOR;
    }

    int entries() {
        return blocks.length;
    }

    long bytes() {
        return blocks.length * 8L;
    }

    int clusters() {
        return (int) geometry.clusters(bytes());
    }

    long offset() {
        return offset;
    }

    /** Whether there is a block with that index. Any thread. */
    boolean has(long index) {
        long[] now = blocks;
        return index < now.length && now[(int) index] != 0;
    }

    /** Where a block is, in bytes; 0 where there is none. */
    long block(int index) {
        return blocks[index];
    }

    void block(int index, long at) {
        blocks[index] = at;
        dirty[index / SECTOR] = true;
    }

    /** Has more entries, at another place; where it was is told by {@link #takeReplaced}. */
    void move(int entries, long newOffset) {
        replaced.add(new long[] {offset, (long) clusters() << geometry.clusterBits()});
        blocks = Arrays.copyOf(blocks, entries);
        dirty = new boolean[sectors(entries)];
        offset = newOffset;
        moved = true;
    }

    /** Where tables were that have been replaced by longer ones: offsets and bytes. They are the caller's to free. */
    List<long[]> takeReplaced() {
        List<long[]> all = new ArrayList<>(replaced);
        replaced.clear();
        return all;
    }

    boolean dirty() {
        if (moved || !replaced.isEmpty()) {
            return true;
        }
        for (boolean sector : dirty) {
            if (sector) {
                return true;
            }
        }
        return false;
    }

    /** Whether the header tells of another place. */
    boolean moved() {
        return moved;
    }

    /** The header tells of the table at that offset now. */
    void settled(long at) {
        if (offset == at) {
            moved = false;
        }
    }

    /** A copy of all of the table where it has moved, or of its sectors that have changed. */
    void take(List<TableWrite> writes) {
        if (moved) {
            // Until the header tells of it, all of it is written again.
            writes.add(new TableWrite(offset, copy(0, blocks.length), () -> {}, () -> {}));
            Arrays.fill(dirty, false);
            return;
        }
        boolean[] marks = dirty;
        for (int sector = 0; sector < marks.length; sector++) {
            if (marks[sector]) {
                int first = sector * SECTOR;
                int number = sector;
                ByteBuffer copy = copy(first, Math.min(SECTOR, blocks.length - first));
                marks[sector] = false;
                writes.add(new TableWrite(offset + first * 8L, copy, () -> marks[number] = true, () -> {}));
            }
        }
    }

    private ByteBuffer copy(int first, int count) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(count * 8);
        bytes.asLongBuffer().put(blocks, first, count);
        return bytes;
    }
}
