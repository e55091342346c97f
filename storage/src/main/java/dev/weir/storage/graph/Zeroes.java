package dev.weir.storage.graph;

import dev.weir.storage.spi.BouncePool;
import java.nio.ByteBuffer;

/** Buffers of zeroes: made, and recognised. */
final class Zeroes {
    static final int SIZE = 256 << 10;
    private static final ByteBuffer ZEROES = BouncePool.allocate(SIZE, 4096);

    private Zeroes() {}

    /** {@code length} zero bytes, at most {@link #SIZE}, page-aligned. */
    static ByteBuffer buffer(int length) {
        return ZEROES.slice(0, length);
    }

    /** Overwrites {@code [from, to)}; position and limit stay. */
    static void fill(ByteBuffer buffer, int from, int to) {
        for (int at = from; at < to; ) {
            int n = Math.min(to - at, SIZE);
            buffer.put(at, ZEROES, 0, n);
            at += n;
        }
    }

    /** Whether every byte from position to limit is zero. */
    static boolean isZero(ByteBuffer buffer) {
        int limit = buffer.limit();
        int at = buffer.position();
        if (at < limit && (buffer.get(at) | buffer.get(limit - 1)) != 0) {
            return false;
        }
        ByteBuffer part = buffer.duplicate();
        while (at < limit) {
            int n = Math.min(limit - at, SIZE);
            part.limit(at + n).position(at);
            if (part.mismatch(buffer(n)) >= 0) {
                return false;
            }
            at += n;
        }
        return true;
    }
}
