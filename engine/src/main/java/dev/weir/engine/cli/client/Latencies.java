package dev.weir.engine.cli.client;

import com.fasterxml.jackson.databind.JsonNode;

/** How many requests took how long: element i of the counts is for 2^i to below 2^(i+1) nanoseconds. Immutable. */
public final class Latencies {
    /** No requests. */
    public static final Latencies NONE = new Latencies(new long[0]);

    private final long[] counts;

    private Latencies(long[] counts) {
        this.counts = counts;
    }

    static Latencies of(JsonNode array) {
        long[] counts = new long[Math.min(array.size(), Long.SIZE)];
        for (int i = 0; i < counts.length; i++) {
            counts[i] = array.path(i).asLong();
        }
        return new Latencies(counts);
    }

    /** Both together. */
    public Latencies plus(Latencies other) {
        return combined(other, 1);
    }

    /** What came after an earlier state. */
    public Latencies since(Latencies earlier) {
        return combined(earlier, -1);
    }

    private Latencies combined(Latencies other, int sign) {
        long[] result = new long[Math.max(counts.length, other.counts.length)];
        for (int i = 0; i < result.length; i++) {
            result[i] = Math.max(0, at(i) + sign * other.at(i));
        }
        return new Latencies(result);
    }

    private long at(int i) {
        return i < counts.length ? counts[i] : 0;
    }

    /** How many requests these are. */
    public long count() {
        long count = 0;
        for (long of : counts) {
            count += of;
        }
        return count;
    }

    /**
     * The time within which a share of the requests was answered, as near as the counts tell.
     *
     * @param share above 0, at most 1
     * @return nanoseconds; 0 where there are no requests
     */
    public double percentile(double share) {
        double rank = share * count();
        double below = 0;
        for (int i = 0; i < counts.length; i++) {
            if (counts[i] > 0 && below + counts[i] >= rank) {
                // As if they were spread evenly within their range.
                return Math.scalb(1 + (rank - below) / counts[i], i);
            }
            below += counts[i];
        }
        return 0;
    }
}
