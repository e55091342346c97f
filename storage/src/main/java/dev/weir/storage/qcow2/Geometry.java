package dev.weir.storage.qcow2;

/**
 * What follows from the fixed part of a header: how offsets, clusters and tables relate. Sizes are in bytes.
 *
 * @param clusterBits 9 to 21
 * @param refcountOrder 0 to 6: the width of a refcount is {@code 1 << refcountOrder} bits
 * @param extendedL2 whether L2 entries have 16 bytes, and clusters 32 subclusters
 */
record Geometry(int clusterBits, int refcountOrder, boolean extendedL2) {
    static final int SUBCLUSTERS = 32;

    int clusterSize() {
        return 1 << clusterBits;
    }

    long clusterMask() {
        return clusterSize() - 1L;
    }

    int l2EntryBytes() {
        return extendedL2 ? 16 : 8;
    }

    /** log2 of the number of entries of an L2 table. */
    int l2Bits() {
        return clusterBits - (extendedL2 ? 4 : 3);
    }

    int l2Entries() {
        return 1 << l2Bits();
    }

    /** log2 of the unit in which data is allocated within a cluster: the subcluster, or the cluster itself. */
    int unitBits() {
        return extendedL2 ? clusterBits - 5 : clusterBits;
    }

    int unitSize() {
        return 1 << unitBits();
    }

    /** log2 of the number of guest bytes that one L1 entry stands for. */
    int l1Shift() {
        return clusterBits + l2Bits();
    }

    int refcountBits() {
        return 1 << refcountOrder;
    }

    long maxRefcount() {
        return refcountOrder == 6 ? Long.MAX_VALUE : (1L << refcountBits()) - 1;
    }

    /** log2 of the number of refcounts in a refcount block. */
    int refcountBlockBits() {
        return clusterBits + 3 - refcountOrder;
    }

    long startOfCluster(long offset) {
        return offset & -clusterSize();
    }

    boolean aligned(long offset) {
        return (offset & clusterMask()) == 0;
    }

    /** Rounded up to whole clusters. */
    long roundUp(long bytes) {
        return Math.addExact(bytes, clusterMask()) & -clusterSize();
    }

    /** How many clusters that many bytes fill, rounded up. */
    long clusters(long bytes) {
        return roundUp(bytes) >>> clusterBits;
    }

    /** The L1 entries that an image of that size needs. */
    long l1EntriesFor(long size) {
        int shift = l1Shift();
        return (size >>> shift) + ((size & ((1L << shift) - 1)) == 0 ? 0 : 1);
    }
}
