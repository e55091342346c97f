package dev.weir.storage.qcow2;

import static dev.weir.storage.qcow2.Findings.hex;

import java.nio.ByteBuffer;

/** Looks at the entries of L2 tables: what they refer to, and whether they can be right. Not thread-safe. */
final class L2Check {
    private final Geometry geometry;
    private final boolean dataFile;
    private final ReferenceCount references;
    private final Findings findings;
    private final Refcounts onDisk;

    long allocated;
    long compressed;
    long fragmented;

    /** Entries that can be mended in place. */
    long mendable;

    /** Entries of active tables whose COPIED flag disagrees with the refcount on disk. */
    long copiedWrong;

    private long times;
    private long active;
    private long nextOffset;

    /** The refcounts on disk. */
    interface Refcounts {
        /** @return -1 where it cannot be known, or is looked up later */
        long of(long cluster, boolean copied, long times);
    }

    L2Check(Qcow2Header header, ReferenceCount references, Findings findings, Refcounts onDisk) {
        this.geometry = header.geometry();
        this.dataFile = header.hasDataFile();
        this.references = references;
        this.findings = findings;
        this.onDisk = onDisk;
    }

    /**
     * Begins a table.
     *
     * @param references how many L1 entries refer to it
     * @param ofActive how many of them are in the active L1 table
     */
    void begin(long references, long ofActive) {
        times = references;
        active = ofActive;
        nextOffset = 0;
    }

    void entries(ByteBuffer part) {
        while (part.hasRemaining()) {
            long entry = part.getLong();
            long bitmap = geometry.extendedL2() ? part.getLong() : 0;
            if (entry != 0 || bitmap != 0) {
                entry(entry, bitmap);
            }
        }
    }

    private void entry(long entry, long bitmap) {
        if (L2Entry.compressed(entry)) {
            compressed(entry, bitmap);
            return;
        }
        if ((entry & L2Entry.RESERVED) != 0) {
            findings.corruption(times, () -> "L2 entry " + hex(entry) + " has reserved bits set");
        }
        long offset = L2Entry.offset(entry);
        boolean zero = !geometry.extendedL2() && (entry & L2Entry.ZERO) != 0;
        if (offset != 0 || (!zero && dataFile && L2Entry.copied(entry))) {
            allocated(entry, bitmap, offset, zero);
        } else if (!zero && L2Entry.allocated(bitmap) != 0) {
            findings.corruption(times, () -> "An L2 entry without a cluster has allocated subclusters: " + hex(bitmap));
        }
    }

    private void compressed(long entry, long bitmap) {
        if (L2Entry.copied(entry)) {
            findings.corruption(times, () -> "Compressed L2 entry " + hex(entry) + " has the COPIED flag");
            mendable += times;
        }
        if (dataFile) {
            findings.corruption(times, () -> "Compressed L2 entry " + hex(entry) + " with a data file");
            return;
        }
        if (bitmap != 0) {
            findings.corruption(times, () -> "Compressed L2 entry " + hex(entry) + " has subclusters");
            return;
        }
        int bits = geometry.clusterBits();
        references.add(L2Entry.compressedOffset(entry, bits), L2Entry.compressedBytes(entry, bits), times);
        allocated += active;
        compressed += active;
        fragmented += active;
    }

    private void allocated(long entry, long bitmap, long offset, boolean zero) {
        boolean conflict = (L2Entry.allocated(bitmap) & L2Entry.zero(bitmap)) != 0;
        if (conflict) {
            findings.corruption(times, () -> "L2 entry " + hex(entry) + " has subclusters that are allocated and zero");
            mendable += times;
        } else {
            if (!geometry.aligned(offset)) {
                findings.corruption(times, () -> "L2 entry " + hex(entry) + " is not aligned to a cluster");
                boolean data = geometry.extendedL2() ? L2Entry.allocated(bitmap) != 0 : !zero;
                mendable += data ? 0 : times;
            }
            if (active > 0) {
                allocated += active;
                fragmented += nextOffset != 0 && offset != nextOffset ? active : 0;
                nextOffset = offset + geometry.clusterSize();
            }
            if (!dataFile) {
                references.add(offset, geometry.clusterSize(), times);
            }
        }
        if (active > 0) {
            boolean copied = L2Entry.copied(entry);
            long refcount = dataFile ? 1 : onDisk.of(offset >>> geometry.clusterBits(), copied, active);
            if (refcount >= 0 && (refcount == 1) != copied) {
                copiedWrong += active;
                findings.tell(() -> "L2 entry " + hex(entry) + " has a wrong COPIED flag: refcount=" + refcount);
            }
        }
    }

    /**
     * Mends what can be mended without knowing more, and nothing else.
     *
     * @return whether the table was changed
     */
    static boolean mend(Geometry geometry, ByteBuffer part) {
        boolean changed = false;
        for (int at = 0; at < part.limit(); at += geometry.l2EntryBytes()) {
            long entry = part.getLong(at);
            long bitmap = geometry.extendedL2() ? part.getLong(at + 8) : 0;
            int both = L2Entry.allocated(bitmap) & L2Entry.zero(bitmap);
            if (L2Entry.compressed(entry)) {
                if (L2Entry.copied(entry)) {
                    part.putLong(at, entry & ~L2Entry.COPIED);
                    changed = true;
                }
            } else if (L2Entry.offset(entry) != 0 && both != 0) {
                part.putLong(at + 8, L2Entry.bitmap(L2Entry.allocated(bitmap) & ~both, L2Entry.zero(bitmap)));
                changed = true;
            } else if (!geometry.aligned(L2Entry.offset(entry))) {
                if (geometry.extendedL2() && L2Entry.allocated(bitmap) == 0) {
                    part.putLong(at, 0);
                    changed = true;
                } else if (!geometry.extendedL2() && (entry & L2Entry.ZERO) != 0) {
                    part.putLong(at, L2Entry.ZERO);
                    changed = true;
                }
            }
        }
        return changed;
    }
}
