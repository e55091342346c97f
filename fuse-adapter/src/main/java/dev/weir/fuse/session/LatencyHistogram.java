package dev.weir.fuse.session;

import java.util.concurrent.atomic.LongAdder;

/** Counts durations by their magnitude; any thread, without a lock and without allocation. */
final class LatencyHistogram {
    /** The last one holds what takes nine minutes and more. */
    static final int BUCKETS = 40;

    private final LongAdder[] buckets = new LongAdder[BUCKETS];

    LatencyHistogram() {
        for (int i = 0; i < BUCKETS; i++) {
            buckets[i] = new LongAdder();
        }
    }

    /** One more that took so many nanoseconds. */
    void add(long nanos) {
        buckets[nanos <= 1 ? 0 : Math.min(BUCKETS - 1, 63 - Long.numberOfLeadingZeros(nanos))].increment();
    }

    /** How many were added. */
    long count() {
        long count = 0;
        for (LongAdder bucket : buckets) {
            count += bucket.sum();
        }
        return count;
    }

    /** How many were added, by the logarithm of their nanoseconds to the base 2. */
    long[] counts() {
        long[] counts = new long[BUCKETS];
        for (int i = 0; i < BUCKETS; i++) {
            counts[i] = buckets[i].sum();
        }
        return counts;
    }
}
