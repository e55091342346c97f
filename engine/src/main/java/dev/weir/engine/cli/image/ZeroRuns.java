package dev.weir.engine.cli.image;

import java.nio.ByteBuffer;

/** Finds what of a buffer is not zero. */
final class ZeroRuns {
    /** At the speed of memory: {@link ByteBuffer#mismatch} compares many bytes at once. */
    private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(1 << 16).asReadOnlyBuffer();

    private final ByteBuffer buffer;
    private final int least;
    private int start;
    private int end;

    /**
     * @param buffer of which everything up to the limit is looked at; position and limit are changed
     * @param least bytes, a power of two: fewer zeroes than that are taken for data
     */
    ZeroRuns(ByteBuffer buffer, int least) {
        this.buffer = buffer;
        this.least = least;
        this.end = 0;
    }

    /** Goes to the next run that is not zero; false where there is none. Runs begin and end at multiples of {@code least}. */
    boolean next(int limit) {
        start = skipZeroes(end, limit);
        if (start >= limit) {
            return false;
        }
        end = start;
        while (end < limit && !zero(end, Math.min(end + least, limit))) {
            end += least;
        }
        end = Math.min(end, limit);
        return true;
    }

    int start() {
        return start;
    }

    int end() {
        return end;
    }

    private int skipZeroes(int from, int limit) {
        int at = from;
        while (at < limit) {
            int step = Math.min(ZEROES.capacity(), limit - at);
            int found = mismatch(at, at + step);
            if (found >= 0) {
                return at + found & -least;
            }
            at += step;
        }
        return limit;
    }

    private boolean zero(int from, int to) {
        for (int at = from; at < to; at += ZEROES.capacity()) {
            if (mismatch(at, Math.min(to, at + ZEROES.capacity())) >= 0) {
                return false;
            }
        }
        return true;
    }

    /** The first byte in a range that is not zero, from its start; negative where there is none. */
    private int mismatch(int from, int to) {
        return buffer.limit(to).position(from).mismatch(ZEROES.duplicate().limit(to - from));
    }
}
