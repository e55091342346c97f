package dev.weir.storage.qcow2;

import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The header of an image, validated by {@link HeaderParser}. Offsets and sizes are in bytes.
 *
 * @param version 2 or 3
 * @param size of the virtual disk
 * @param l1Entries at least as many as {@code size} needs
 * @param refcountTableClusters at least 1
 * @param headerLength of the fixed part; 72 for version 2
 * @param unknownFields the bytes of the fixed part past those that are known; not to be changed
 * @param extensions in their order, without the end
 * @param backingFile as it stands there
 * @param backingFormat as it stands there
 * @param dataFile as it stands there
 */
record Qcow2Header(
        int version,
        Geometry geometry,
        long size,
        int cryptMethod,
        long l1Offset,
        int l1Entries,
        long refcountTableOffset,
        int refcountTableClusters,
        int snapshotCount,
        long snapshotsOffset,
        long incompatible,
        long compatible,
        long autoclear,
        Compression compression,
        int headerLength,
        byte[] unknownFields,
        List<HeaderExtension> extensions,
        @Nullable String backingFile,
        @Nullable String backingFormat,
        @Nullable String dataFile) {
    static final int MAGIC = 0x514649fb;
    static final int V2_LENGTH = 72;

    /** With the compression type and its padding. */
    static final int V3_LENGTH = 112;

    boolean has(long incompatibleFeature) {
        return (incompatible & incompatibleFeature) != 0;
    }

    boolean hasDataFile() {
        return has(Feature.DATA_FILE);
    }

    boolean rawDataFile() {
        return hasDataFile() && (autoclear & Feature.RAW_DATA_FILE) != 0;
    }

    boolean lazyRefcounts() {
        return (compatible & Feature.LAZY_REFCOUNTS) != 0;
    }

    Qcow2Header withFeatures(long newIncompatible, long newCompatible, long newAutoclear) {
        return copy(
                size,
                l1Offset,
                l1Entries,
                refcountTableOffset,
                refcountTableClusters,
                snapshotCount,
                snapshotsOffset,
                newIncompatible,
                newCompatible,
                newAutoclear);
    }

    Qcow2Header withSize(long newSize) {
        return copy(
                newSize,
                l1Offset,
                l1Entries,
                refcountTableOffset,
                refcountTableClusters,
                snapshotCount,
                snapshotsOffset,
                incompatible,
                compatible,
                autoclear);
    }

    Qcow2Header withL1(long offset, int entries) {
        return copy(
                size,
                offset,
                entries,
                refcountTableOffset,
                refcountTableClusters,
                snapshotCount,
                snapshotsOffset,
                incompatible,
                compatible,
                autoclear);
    }

    Qcow2Header withRefcountTable(long offset, int clusters) {
        return copy(
                size,
                l1Offset,
                l1Entries,
                offset,
                clusters,
                snapshotCount,
                snapshotsOffset,
                incompatible,
                compatible,
                autoclear);
    }

    Qcow2Header withSnapshots(long offset, int count) {
        return copy(
                size,
                l1Offset,
                l1Entries,
                refcountTableOffset,
                refcountTableClusters,
                count,
                offset,
                incompatible,
                compatible,
                autoclear);
    }

    private Qcow2Header copy(
            long newSize,
            long newL1Offset,
            int newL1Entries,
            long newTableOffset,
            int newTableClusters,
            int newSnapshotCount,
            long newSnapshotsOffset,
            long newIncompatible,
            long newCompatible,
            long newAutoclear) {
        return new Qcow2Header(
                version,
                geometry,
                newSize,
                cryptMethod,
                newL1Offset,
                newL1Entries,
                newTableOffset,
                newTableClusters,
                newSnapshotCount,
                newSnapshotsOffset,
                newIncompatible,
                newCompatible,
                newAutoclear,
                compression,
                headerLength,
                unknownFields,
                extensions,
                backingFile,
                backingFormat,
                dataFile);
    }

    /** How many bytes {@link #putFixed} puts: what of the fixed part is known and there. All of it lies in one sector. */
    int knownLength() {
        return Math.min(headerLength, V3_LENGTH);
    }

    /**
     * Puts the known fields of the fixed part. Extensions and names are never rewritten in place.
     *
     * @param backingOffset where the name of the backing file is, or 0; it is as long as the name
     */
    void putFixed(ByteBuffer to, long backingOffset, int backingLength) {
        int start = to.position();
        to.putInt(MAGIC)
                .putInt(version)
                .putLong(backingOffset)
                .putInt(backingLength)
                .putInt(geometry.clusterBits())
                .putLong(size)
                .putInt(cryptMethod)
                .putInt(l1Entries)
                .putLong(l1Offset)
                .putLong(refcountTableOffset)
                .putInt(refcountTableClusters)
                .putInt(snapshotCount)
                .putLong(snapshotsOffset);
        if (version >= 3) {
            to.putLong(incompatible)
                    .putLong(compatible)
                    .putLong(autoclear)
                    .putInt(geometry.refcountOrder())
                    .putInt(headerLength);
            if (knownLength() > 104) {
                to.put((byte) compression.ordinal());
                while (to.position() - start < knownLength()) {
                    to.put((byte) 0);
                }
            }
        }
    }
}
