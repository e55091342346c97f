package dev.weir.storage.throttle;

import dev.weir.storage.throttle.ThrottleLimits.Rate;

/**
 * What passed and has not leaked away yet. Requests pass while the bucket is not over its brim, whatever their size, and
 * fill it up when they do. Guarded by the group.
 */
final class LeakyBucket {
    private static final double NANOS = 1e9;

    /** Without a burst rate, and within a burst: the part of a second's units that may pass at once. */
    private static final double SLACK = 0.1;

    private final Rate rate;
    private double level;

    /** As {@link #level}, but it leaks at the rate of bursts. Kept where a burst lasts longer than a second. */
    private double burstLevel;

    LeakyBucket(Rate rate) {
        this.rate = rate;
    }

    boolean limits() {
        return rate.average() > 0;
    }

    void leak(long nanos) {
        level = Math.max(0, level - rate.average() * (nanos / NANOS));
        burstLevel = Math.max(0, burstLevel - rate.max() * (nanos / NANOS));
    }

    void add(double units) {
        level += units;
        burstLevel += units;
    }

    /** Nanoseconds until a request may pass; 0 for now. */
    long waitNanos() {
        if (!limits()) {
            return 0;
        }
        double size = rate.max() == 0 ? rate.average() * SLACK : (double) rate.max() * rate.maxLength();
        if (level > size) {
            return nanos(level - size, rate.average());
        }
        double burstSize = rate.max() * SLACK;
        return rate.maxLength() > 1 && burstLevel > burstSize ? nanos(burstLevel - burstSize, rate.max()) : 0;
    }

    private static long nanos(double units, long unitsPerSecond) {
        return (long) (units * NANOS / unitsPerSecond);
    }
}
