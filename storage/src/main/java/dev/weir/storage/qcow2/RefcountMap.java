package dev.weir.storage.qcow2;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Refcounts by cluster number, in memory: about a byte each, in pages for what is not zero. Not thread-safe.
 *
 * <p>An image of which nothing good is known decides how many pages there are: past {@link #MAX_PAGES} it fails with
 * {@link BlockErrorKind#NO_MEMORY}.
 */
final class RefcountMap {
    /** The highest number of clusters that a file may have. */
    static final long MAX_CLUSTERS = Integer.MAX_VALUE;

    private static final int PAGE_BITS = 8;
    private static final int PAGE = 1 << PAGE_BITS;
    private static final int MAX_PAGES = 1 << 21;

    /** Stands for a count that is in {@link #large}. */
    private static final int LARGE = 255;

    /** Null where all counts are zero. */
    private byte[][] pages = new byte[16][];

    private final Map<Long, Long> large = new HashMap<>();
    private int pageCount;

    /** One more than the highest cluster that ever had a count. */
    private long end;

    long end() {
        return end;
    }

    long get(long cluster) {
        long page = cluster >>> PAGE_BITS;
        byte @Nullable [] counts = page < pages.length ? pages[(int) page] : null;
        if (counts == null) {
            return 0;
        }
        int count = counts[(int) cluster & PAGE - 1] & 0xff;
        return count == LARGE ? large.getOrDefault(cluster, 0L) : count;
    }

    /** @param cluster less than {@link #MAX_CLUSTERS} + 2 */
    void set(long cluster, long count) {
        int page = (int) (cluster >>> PAGE_BITS);
        byte @Nullable [] counts = page < pages.length ? pages[page] : null;
        if (counts == null) {
            if (count == 0) {
                return;
            }
            counts = addPage(page);
        }
        int at = (int) cluster & PAGE - 1;
        if ((counts[at] & 0xff) == LARGE) {
            large.remove(cluster);
        }
        if (count >= LARGE || count < 0) {
            large.put(cluster, count);
            counts[at] = (byte) LARGE;
        } else {
            counts[at] = (byte) count;
        }
        if (count != 0) {
            end = Math.max(end, cluster + 1);
        }
    }

    private byte[] addPage(int page) {
        if (++pageCount > MAX_PAGES) {
            throw BlockException.of(BlockErrorKind.NO_MEMORY, "The image has too many clusters in use");
        }
        if (page >= pages.length) {
            pages = Arrays.copyOf(pages, Math.max(page + 1, pages.length + pages.length / 2));
        }
        byte[] counts = new byte[PAGE];
        pages[page] = counts;
        return counts;
    }

    /** The first cluster, from one on, that has a count other than zero; {@link #end()} or more where there is none. */
    long next(long from) {
        long cluster = from;
        while (cluster < end) {
            byte[] counts = pages[(int) (cluster >>> PAGE_BITS)];
            if (counts == null) {
                cluster = (cluster | PAGE - 1) + 1;
            } else if (counts[(int) cluster & PAGE - 1] == 0) {
                cluster++;
            } else {
                return cluster;
            }
        }
        return cluster;
    }
}
