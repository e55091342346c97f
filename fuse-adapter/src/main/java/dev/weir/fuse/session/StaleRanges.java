package dev.weir.fuse.session;

import java.util.Arrays;

/** Ranges of bytes, few of them: where there would be more, one that covers them all takes their place. Not thread-safe. */
final class StaleRanges {
    private static final int MOST = 64;

    /** Beginnings, and the ends that belong to them. */
    private long[] from = new long[4];

    private long[] to = new long[4];
    private int count;

    /** Adds a range; {@code end} may be {@link Long#MAX_VALUE}. One that touches the last one becomes one with it. */
    void add(long offset, long end) {
        int last = count - 1;
        if (last >= 0 && offset <= to[last] && end >= from[last]) {
            from[last] = Math.min(from[last], offset);
            to[last] = Math.max(to[last], end);
            return;
        }
        if (count == MOST) {
            for (int i = 1; i < count; i++) {
                from[0] = Math.min(from[0], from[i]);
                to[0] = Math.max(to[0], to[i]);
            }
            count = 1;
            add(Math.min(from[0], offset), Math.max(to[0], end));
            return;
        }
        if (count == from.length) {
            from = Arrays.copyOf(from, 2 * count);
            to = Arrays.copyOf(to, 2 * count);
        }
        from[count] = offset;
        to[count++] = end;
    }

    int count() {
        return count;
    }

    long from(int index) {
        return from[index];
    }

    /** What the kernel is told as the length: 0 for all that follows. */
    long length(int index) {
        return to[index] == Long.MAX_VALUE ? 0 : to[index] - from[index];
    }
}
