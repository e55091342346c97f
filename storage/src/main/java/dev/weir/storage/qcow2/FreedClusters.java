package dev.weir.storage.qcow2;

import java.util.ArrayList;
import java.util.List;

/**
 * Clusters that nothing in memory refers to any more, while the file may still do. They lose their references, and with them
 * their contents, only when the file does not. Under the metadata lock.
 */
final class FreedClusters {
    /**
     * @param offset of the first byte
     * @param bytes as many clusters as they touch
     * @param discard whether the file below is to be told
     */
    record Range(long offset, long bytes, boolean discard) {}

    /** Above this they are worth a write of the metadata of its own. */
    private static final long MANY = 64L << 20;

    private final Geometry geometry;
    private List<Range> ranges = new ArrayList<>();
    private long bytes;

    FreedClusters(Geometry geometry) {
        this.geometry = geometry;
    }

    void add(long offset, long length, boolean discard) {
        long start = geometry.startOfCluster(offset);
        long end = geometry.roundUp(offset + length);
        int last = ranges.size() - 1;
        // A compressed cluster shares host clusters with its neighbours: each of them drops a reference of its own.
        if (last >= 0 && geometry.aligned(offset)) {
            Range before = ranges.get(last);
            if (before.offset + before.bytes == start && before.discard == discard) {
                ranges.set(last, new Range(before.offset, end - before.offset, discard));
                bytes += end - start;
                return;
            }
        }
        ranges.add(new Range(start, end - start, discard));
        bytes += end - start;
    }

    boolean many() {
        return bytes > MANY;
    }

    boolean isEmpty() {
        return ranges.isEmpty();
    }

    List<Range> take() {
        List<Range> taken = ranges;
        ranges = new ArrayList<>();
        bytes = 0;
        return taken;
    }

    void putBack(List<Range> taken) {
        for (Range range : taken) {
            add(range.offset, range.bytes, range.discard);
        }
    }
}
