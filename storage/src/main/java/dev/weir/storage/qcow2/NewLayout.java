package dev.weir.storage.qcow2;

import dev.weir.storage.PreallocMode;

/**
 * Where everything is in a new image: header, refcount table, refcount blocks, L1 table, L2 tables and data follow each other
 * without a gap, so that each of the first clusters has the refcount 1 and no other has one. All numbers are clusters.
 *
 * @param l2Tables none without preallocation
 * @param dataClusters none without preallocation, and none where there is a data file
 * @param guestClusters those of the virtual disk that L2 entries are made for
 */
record NewLayout(
        long refcountTableClusters,
        long refcountBlocks,
        long l1Clusters,
        long l2Tables,
        long dataClusters,
        long guestClusters) {
    /** The largest offset that an entry can hold, and one. */
    private static final int OFFSET_BITS = 56;

    /** @throws dev.weir.storage.BlockException where no image can be as large */
    static NewLayout of(CreateOptions options) {
        Geometry geometry = options.geometry();
        long l1Entries = geometry.l1EntriesFor(options.size());
        if (l1Entries > HeaderParser.MAX_L1_BYTES / 8) {
            throw CreateOptions.tooLarge();
        }
        boolean allocated = options.preallocation() != PreallocMode.OFF;
        long l1Clusters = geometry.clusters(l1Entries * 8);
        long l2Tables = allocated ? l1Entries : 0;
        long guestClusters = allocated ? geometry.clusters(options.size()) : 0;
        long dataClusters = options.dataFile() == null ? guestClusters : 0;
        long others = 1 + l1Clusters + l2Tables + dataClusters;
        long blocks = 1;
        long tableClusters = 1;
        // Blocks count themselves and the table; it takes a few rounds to the smallest number that does.
        for (long before = 0; before != blocks; ) {
            before = blocks;
            long all = others + tableClusters + blocks;
            blocks = 1 + (all - 1 >>> geometry.refcountBlockBits());
            tableClusters = geometry.clusters(blocks * 8);
        }
        NewLayout layout = new NewLayout(tableClusters, blocks, l1Clusters, l2Tables, dataClusters, guestClusters);
        if (tableClusters << geometry.clusterBits() > HeaderParser.MAX_REFCOUNT_TABLE_BYTES
                || layout.clusters() > 1L << OFFSET_BITS - geometry.clusterBits()
                || guestClusters > 1L << OFFSET_BITS - geometry.clusterBits()) {
            throw CreateOptions.tooLarge();
        }
        return layout;
    }

    long firstRefcountBlock() {
        return 1 + refcountTableClusters;
    }

    long firstL1() {
        return firstRefcountBlock() + refcountBlocks;
    }

    long firstL2() {
        return firstL1() + l1Clusters;
    }

    long firstData() {
        return firstL2() + l2Tables;
    }

    /** All that the image has, each with the refcount 1. */
    long clusters() {
        return firstData() + dataClusters;
    }
}
