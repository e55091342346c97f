package dev.weir.storage.qcow2;

/** Counts the references to the clusters of a file, as they turn up. Not thread-safe. */
final class ReferenceCount {
    private final Geometry geometry;
    private final long fileLength;
    private final Findings findings;
    private final RefcountMap counts = new RefcountMap();

    /** References of the refcount table. */
    private final RefcountMap own = new RefcountMap();

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
        if (!possible(offset, bytes)) {
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

    boolean possible(long offset, long bytes) {
        return offset >= 0 && offset <= Long.MAX_VALUE - bytes && offset + bytes - fileLength < geometry.clusterSize();
    }

    /** As {@link #add}, once, for what {@link #forgetOwn} takes back. */
    void addOwn(long offset, long bytes) {
        if (!possible(offset, bytes)) {
            add(offset, bytes, 1);
            return;
        }
        long first = offset >>> geometry.clusterBits();
        long last = offset + bytes - 1 >>> geometry.clusterBits();
        for (long cluster = first; cluster <= last; cluster++) {
            long before = counts.get(cluster);
            add(cluster << geometry.clusterBits(), geometry.clusterSize(), 1);
            own.set(cluster, own.get(cluster) + counts.get(cluster) - before);
        }
    }

    /** Only what was counted is taken back: where refcounts are narrow, others may have used them up. */
    void forgetOwn() {
        for (long cluster = own.next(0); cluster < own.end(); cluster = own.next(cluster + 1)) {
            counts.set(cluster, counts.get(cluster) - own.get(cluster));
        }
    }
}
