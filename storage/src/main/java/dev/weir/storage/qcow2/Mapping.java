package dev.weir.storage.qcow2;

/** What guest bytes are, by their L2 entry. */
final class Mapping {
    /** Reads from the backing file, or as zero. */
    static final int UNALLOCATED = 0;

    static final int ZERO = 1;

    /** Is in the file as it is. */
    static final int DATA = 2;

    static final int COMPRESSED = 3;

    private final Geometry geometry;
    private final boolean version2;
    private final boolean dataFile;

    Mapping(Qcow2Header header) {
        this.geometry = header.geometry();
        this.version2 = header.version() < 3;
        this.dataFile = header.hasDataFile();
    }

    /**
     * What the unit is in which a guest byte lies.
     *
     * @param number of the entry in the slice
     * @param unit the subcluster; 0 without extended entries
     * @throws Corruption where the entry cannot be right
     */
    int kind(L2Slice slice, int number, int unit) {
        long entry = slice.entry(number);
        if (L2Entry.compressed(entry)) {
            if (dataFile || (geometry.extendedL2() && slice.bitmap(number) != 0)) {
                throw corrupt("Compressed cluster entry found where there can be none", slice, number);
            }
            return COMPRESSED;
        }
        if ((entry & L2Entry.RESERVED) != 0) {
            throw corrupt("Reserved bits set in L2 entry", slice, number);
        }
        long offset = L2Entry.offset(entry);
        if (!geometry.aligned(offset)) {
            throw corrupt("Cluster allocation offset " + Long.toHexString(offset) + " unaligned", slice, number);
        }
        boolean allocated = offset != 0 || (dataFile && L2Entry.copied(entry));
        if (geometry.extendedL2()) {
            return extendedKind(slice, number, unit, entry, allocated);
        }
        if ((entry & L2Entry.ZERO) != 0) {
            if (version2) {
                throw corrupt("Zero cluster found in version 2 image", slice, number);
            }
            return ZERO;
        }
        return allocated ? DATA : UNALLOCATED;
    }

    private static int extendedKind(L2Slice slice, int number, int unit, long entry, boolean allocated) {
        if ((entry & L2Entry.ZERO) != 0) {
            throw corrupt("Zero flag set in extended L2 entry", slice, number);
        }
        long bitmap = slice.bitmap(number);
        int both = L2Entry.allocated(bitmap) & L2Entry.zero(bitmap);
        if (both != 0 || (!allocated && L2Entry.allocated(bitmap) != 0)) {
            throw corrupt("Invalid subcluster bitmap " + Long.toHexString(bitmap), slice, number);
        }
        if ((L2Entry.allocated(bitmap) >>> unit & 1) != 0) {
            return DATA;
        }
        return (L2Entry.zero(bitmap) >>> unit & 1) != 0 ? ZERO : UNALLOCATED;
    }

    private static Corruption corrupt(String what, L2Slice slice, int number) {
        return new Corruption(what + " (L2 slice: " + slice.index() + ", entry: " + number + ")");
    }

    /** Where a byte of data is in the file. */
    long host(L2Slice slice, int number, long guest) {
        long offset = L2Entry.offset(slice.entry(number));
        if (dataFile && offset != geometry.startOfCluster(guest)) {
            throw corrupt(
                    "External data file host cluster offset " + Long.toHexString(offset)
                            + " does not match guest cluster",
                    slice,
                    number);
        }
        return offset + (guest & geometry.clusterMask());
    }

    int unit(long guest) {
        return geometry.extendedL2() ? (int) ((guest & geometry.clusterMask()) >>> geometry.unitBits()) : 0;
    }

    /** The first guest byte after the unit of a guest byte. */
    long endOfUnit(long guest) {
        return (guest >>> geometry.unitBits()) + 1 << geometry.unitBits();
    }

    /**
     * Where the run ends that begins at {@code guest}: bytes of one kind, and of data that follow each other in the file. A
     * compressed run is one cluster.
     *
     * @param first number of the entry of {@code guest}
     * @param kind of {@code guest}
     * @param end of what is asked for; the slice has entries for all of it
     */
    long endOfRun(L2Slice slice, int first, int kind, long guest, long end) {
        if (kind == COMPRESSED) {
            return Math.min(end, geometry.startOfCluster(guest) + geometry.clusterSize());
        }
        long host = kind == DATA ? host(slice, first, guest) : 0;
        long at = endOfUnit(guest);
        int shift = geometry.clusterBits();
        long firstCluster = guest >>> shift;
        while (at < end) {
            int number = first + (int) ((at >>> shift) - firstCluster);
            if (kind(slice, number, unit(at)) != kind
                    || (kind == DATA && host(slice, number, at) != host + at - guest)) {
                break;
            }
            at = endOfUnit(at);
        }
        return Math.min(at, end);
    }
}
