package dev.weir.storage.qcow2;

import java.util.Arrays;

/**
 * The clusters of a file that hold metadata, which no guest data may ever be written to. Looked at by any thread; changed
 * under the metadata lock. Takes 4 KiB for
 * each run of 32768 clusters that has metadata.
 */
final class ClusterSet {
    private static final int PAGE_BITS = 15;

    /** Of 32768 clusters: 128 TiB of a file with clusters of 64 KiB, 8 TiB with 4 KiB. */
    static final int MAX_PAGES = 1 << 16;

    private static final int PAGE_MASK = (1 << PAGE_BITS) - 1;
    private static final long[] NONE = new long[0];

    /** Bit sets; an empty one where there is nothing. Replaced as a whole when a page comes. */
    private volatile long[][] pages = {};

    private int count;

    /** @throws Corruption for a cluster that no file can have, or one too far from all others */
    void add(long cluster) {
        long number = cluster >>> PAGE_BITS;
        long[][] now = pages;
        if (number >= now.length || now[(int) number].length == 0) {
            if (number >= 1 << 24) {
                throw new Corruption("Metadata at cluster " + cluster + ", beyond any file");
            }
            if (count == MAX_PAGES) {
                throw new Corruption("Metadata lies too far apart, at cluster " + cluster);
            }
            count++;
            int before = now.length;
            if (number >= before) {
                now = Arrays.copyOf(now, (int) Math.min(1 << 24, Math.max(before * 3L / 2, number + 1)));
            } else {
                now = now.clone();
            }
            Arrays.fill(now, before, now.length, NONE);
            now[(int) number] = new long[1 << PAGE_BITS - 6];
        }
        now[(int) number][(int) (cluster & PAGE_MASK) >> 6] |= 1L << cluster;
        pages = now;
    }

    void addRange(long offset, long bytes, Geometry geometry) {
        long end = geometry.clusters(offset + bytes);
        for (long cluster = offset >>> geometry.clusterBits(); cluster < end; cluster++) {
            add(cluster);
        }
    }

    void removeRange(long offset, long bytes, Geometry geometry) {
        long end = geometry.clusters(offset + bytes);
        for (long cluster = offset >>> geometry.clusterBits(); cluster < end; cluster++) {
            if (contains(cluster)) {
                pages[(int) (cluster >>> PAGE_BITS)][(int) (cluster & PAGE_MASK) >> 6] &= ~(1L << cluster);
            }
        }
    }

    boolean contains(long cluster) {
        long[][] now = pages;
        long number = cluster >>> PAGE_BITS;
        if (number >= now.length) {
            return false;
        }
        long[] page = now[(int) number];
        return page.length != 0 && (page[(int) (cluster & PAGE_MASK) >> 6] & 1L << cluster) != 0;
    }

    /** Whether a cluster is in it that has one of those bytes. */
    boolean touches(long offset, long bytes, Geometry geometry) {
        long end = geometry.clusters(offset + bytes);
        for (long cluster = offset >>> geometry.clusterBits(); cluster < end; cluster++) {
            if (contains(cluster)) {
                return true;
            }
        }
        return false;
    }
}
