package dev.weir.storage.throttle;

/** The buckets of a group: those of all requests and those of reads or of writes, for bytes and for requests. */
final class Buckets {
    private final LeakyBucket[] readBytes;
    private final LeakyBucket[] readRequests;
    private final LeakyBucket[] writeBytes;
    private final LeakyBucket[] writeRequests;
    private final LeakyBucket[] all;
    private final long requestSize;
    private long leakedUntil;

    Buckets(ThrottleLimits limits, long now) {
        var bpsTotal = new LeakyBucket(limits.bpsTotal());
        var bpsRead = new LeakyBucket(limits.bpsRead());
        var bpsWrite = new LeakyBucket(limits.bpsWrite());
        var iopsTotal = new LeakyBucket(limits.iopsTotal());
        var iopsRead = new LeakyBucket(limits.iopsRead());
        var iopsWrite = new LeakyBucket(limits.iopsWrite());
        all = new LeakyBucket[] {bpsTotal, bpsRead, bpsWrite, iopsTotal, iopsRead, iopsWrite};
        readBytes = new LeakyBucket[] {bpsTotal, bpsRead};
        readRequests = new LeakyBucket[] {iopsTotal, iopsRead};
        writeBytes = new LeakyBucket[] {bpsTotal, bpsWrite};
        writeRequests = new LeakyBucket[] {iopsTotal, iopsWrite};
        requestSize = limits.iopsSize();
        leakedUntil = now;
    }

    boolean limit(boolean write) {
        return anyLimits(bytes(write)) || anyLimits(requests(write));
    }

    private static boolean anyLimits(LeakyBucket[] buckets) {
        return buckets[0].limits() || buckets[1].limits();
    }

    /** @param now as {@link System#nanoTime} */
    void leak(long now) {
        long nanos = now - leakedUntil;
        if (nanos > 0) {
            leakedUntil = now;
            for (LeakyBucket bucket : all) {
                bucket.leak(nanos);
            }
        }
    }

    /** Nanoseconds until a request may go on; 0 for now. */
    long waitNanos(boolean write) {
        return Math.max(longestWait(bytes(write)), longestWait(requests(write)));
    }

    private static long longestWait(LeakyBucket[] buckets) {
        return Math.max(buckets[0].waitNanos(), buckets[1].waitNanos());
    }

    void add(boolean write, long bytes) {
        double requests = requestSize > 0 && bytes > requestSize ? (double) bytes / requestSize : 1;
        for (LeakyBucket bucket : bytes(write)) {
            bucket.add((double) bytes);
        }
        for (LeakyBucket bucket : requests(write)) {
            bucket.add(requests);
        }
    }

    private LeakyBucket[] bytes(boolean write) {
        return write ? writeBytes : readBytes;
    }

    private LeakyBucket[] requests(boolean write) {
        return write ? writeRequests : readRequests;
    }
}
