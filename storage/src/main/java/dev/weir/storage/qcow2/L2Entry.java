package dev.weir.storage.qcow2;

/** The bits of an L2 entry, and of the bitmap that follows it where L2 entries are extended. */
final class L2Entry {
    /** The refcount of the cluster is exactly one: it may be written in place. Also in L1 entries. */
    static final long COPIED = 1L << 63;

    static final long COMPRESSED = 1L << 62;

    /** Reads as zero; not where entries are extended. */
    static final long ZERO = 1;

    /** Also of an L1 entry, and of an entry of the refcount table with its lower bits. */
    static final long OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;

    /** What must be zero in an entry that is not compressed. */
    static final long RESERVED = ~(COPIED | COMPRESSED | OFFSET_MASK | ZERO);

    static final long L1_RESERVED = ~(COPIED | OFFSET_MASK);

    static final long REFCOUNT_TABLE_RESERVED = 0x1ffL;

    /** All subclusters. */
    static final int ALL = -1;

    private L2Entry() {}

    static boolean compressed(long entry) {
        return (entry & COMPRESSED) != 0;
    }

    static boolean copied(long entry) {
        return (entry & COPIED) != 0;
    }

    /** Of an entry that is not compressed; 0 where there is none. */
    static long offset(long entry) {
        return entry & OFFSET_MASK;
    }

    /** The first byte of the data of a compressed entry. */
    static long compressedOffset(long entry, int clusterBits) {
        return entry & (1L << 62 - (clusterBits - 8)) - 1;
    }

    /** The most bytes that the data of a compressed entry has: up to the end of its last sector. */
    static int compressedBytes(long entry, int clusterBits) {
        int shift = 62 - (clusterBits - 8);
        long sectors = ((entry & ~(COPIED | COMPRESSED)) >>> shift) + 1;
        return (int) (sectors * 512 - (compressedOffset(entry, clusterBits) & 511));
    }

    /** The subclusters of an extended entry that are allocated, one bit each. */
    static int allocated(long bitmap) {
        return (int) bitmap;
    }

    /** The subclusters of an extended entry that read as zero, one bit each. */
    static int zero(long bitmap) {
        return (int) (bitmap >>> 32);
    }

    static long bitmap(int allocated, int zero) {
        return allocated & 0xffffffffL | (long) zero << 32;
    }
}
