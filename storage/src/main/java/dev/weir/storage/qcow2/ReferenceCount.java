package dev.weir.storage.qcow2;

/** Counts the references to the clusters of a file, as they turn up. Not thread-safe. */
final class ReferenceCount {
    private final Geometry geometry;
    private final long fileLength;
    private final Findings findings;
    private final RefcountMap counts = new RefcountMap();

    ReferenceCount(Geometry geometry, long fileLength, Findings findings) {
        this.geometry = geometry;
        this.fileLength = fileLength;
        this.findings = findings;
    }

    RefcountMap counts() {
        return counts;
    }

    /**
     * Counts references to a range. The last cluster may reach past the end of the file.
     *
     * @param times how many references
     */
    void add(long offset, long bytes, long times) {
        if (bytes <= 0) {
            return;
        }
        if (offset < 0 || offset > Long.MAX_VALUE - bytes || offset + bytes - fileLength >= geometry.clusterSize()) {
            findings.corruption(
                    times, () -> "A reference to " + bytes + " bytes at " + Findings.hex(offset) + " is past the end");
            return;
        }
        long last = offset + bytes - 1 >>> geometry.clusterBits();
        for (long cluster = offset >>> geometry.clusterBits(); cluster <= last; cluster++) {
            long count = counts.get(cluster);
            long added = Math.min(times, geometry.maxRefcount() - count);
            if (added < times) {
                long at = cluster;
                findings.corruption(
                        times - added,
                        () -> "Cluster " + at + " has more references than a refcount of the image can tell");
            }
            counts.set(cluster, count + added);
        }
    }

    /** Takes back what {@link #add} counted once. */
    void remove(long offset, long bytes) {
        long last = offset + bytes - 1 >>> geometry.clusterBits();
        for (long cluster = offset >>> geometry.clusterBits(); cluster <= last; cluster++) {
            counts.set(cluster, Math.max(0, counts.get(cluster) - 1));
        }
    }
}
