package dev.weir.storage.qcow2;

/**
 * How much metadata is kept in memory.
 *
 * @param total bytes for both, or 0 where none is set
 * @param l2 bytes, or 0
 * @param l2Entry bytes of a slice, or 0; a power of two
 * @param refcount bytes, or 0
 */
record CacheSizes(long total, long l2, int l2Entry, long refcount) {
    static final CacheSizes DEFAULT = new CacheSizes(0, 0, 0, 0);

    private static final long DEFAULT_L2 = 32L << 20;
    private static final long DEFAULT_REFCOUNT = 1L << 20;
    private static final int DEFAULT_SLICE = 4096;

    int l2Slice(Geometry geometry) {
        return Math.min(geometry.clusterSize(), l2Entry == 0 ? DEFAULT_SLICE : l2Entry);
    }

    /** No more than what all tables take. */
    long l2Bytes(Qcow2Header header) {
        Geometry geometry = header.geometry();
        long all = header.l1Entries() * (long) geometry.clusterSize();
        long limit = l2 != 0 ? l2 : total != 0 ? Math.max(total / 2, total - refcount) : DEFAULT_L2;
        return Math.min(all, limit);
    }

    long refcountBytes() {
        return refcount != 0 ? refcount : DEFAULT_REFCOUNT;
    }
}
