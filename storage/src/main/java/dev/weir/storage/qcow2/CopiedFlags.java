package dev.weir.storage.qcow2;

import java.nio.ByteBuffer;
import java.util.function.LongPredicate;
import reactor.core.publisher.Mono;

/**
 * Makes the COPIED flags of an L1 table, and of the L2 tables that it refers to, agree with refcounts. Clearing one is
 * always safe: the cluster is copied on the next write.
 */
final class CopiedFlags {
    private final MetadataFile file;
    private final Geometry geometry;
    private final boolean dataFile;
    private final boolean l1Editable;
    private final LongPredicate editable;

    /** The refcounts to agree with. */
    interface Refcounts {
        long get(long cluster);
    }

    enum Mode {
        CLEAR,
        SET
    }

    CopiedFlags(MetadataFile file, Qcow2Header header) {
        this(file, header, true, table -> true);
    }

    /**
     * @param l1Editable whether the L1 table may be changed
     * @param editable by the offset of an L2 table, whether it may be changed
     */
    CopiedFlags(MetadataFile file, Qcow2Header header, boolean l1Editable, LongPredicate editable) {
        this.l1Editable = l1Editable;
        this.editable = editable;
        this.file = file;
        this.geometry = header.geometry();
        this.dataFile = header.hasDataFile();
    }

    /** Writes what has to be changed; the caller flushes. */
    Mono<Void> update(long l1Offset, long l1Entries, Refcounts refcounts, Mode mode) {
        return Mono.defer(() -> {
            OffsetCounts tables = new OffsetCounts();
            return file.edit(l1Offset, l1Entries * 8, (offset, part) -> l1(part, tables, refcounts, mode))
                    .then(Mono.defer(() -> TableWalk.each(
                            tables.offsets(),
                            table -> file.edit(
                                    table, geometry.clusterSize(), (offset, part) -> l2(part, refcounts, mode)))));
        });
    }

    private boolean l1(ByteBuffer part, OffsetCounts tables, Refcounts refcounts, Mode mode) {
        boolean changed = false;
        for (int at = 0; at < part.limit(); at += 8) {
            long entry = part.getLong(at);
            long offset = L2Entry.offset(entry);
            if (offset == 0) {
                continue;
            }
            long agreed = agreed(entry, refcounts.get(offset >>> geometry.clusterBits()), mode);
            if (agreed != entry && l1Editable) {
                part.putLong(at, agreed);
                changed = true;
            }
            // A table that is not aligned may lie in others.
            if (geometry.aligned(offset) && editable.test(offset)) {
                tables.add(offset, 1, 1);
            }
        }
        return changed;
    }

    private boolean l2(ByteBuffer part, Refcounts refcounts, Mode mode) {
        boolean changed = false;
        for (int at = 0; at + 8 <= part.limit(); at += geometry.l2EntryBytes()) {
            long entry = part.getLong(at);
            if (L2Entry.compressed(entry) || (L2Entry.offset(entry) == 0 && !(dataFile && L2Entry.copied(entry)))) {
                continue;
            }
            long refcount = dataFile ? 1 : refcounts.get(L2Entry.offset(entry) >>> geometry.clusterBits());
            long agreed = agreed(entry, refcount, mode);
            if (agreed != entry) {
                part.putLong(at, agreed);
                changed = true;
            }
        }
        return changed;
    }

    private static long agreed(long entry, long refcount, Mode mode) {
        if (mode == Mode.CLEAR) {
            return refcount == 1 ? entry : entry & ~L2Entry.COPIED;
        }
        return refcount == 1 ? entry | L2Entry.COPIED : entry;
    }
}
