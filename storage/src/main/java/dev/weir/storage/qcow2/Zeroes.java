package dev.weir.storage.qcow2;

import java.nio.ByteBuffer;

/** Zeroes in buffers. */
final class Zeroes {
    static final int SIZE = 64 << 10;

    private static final ByteBuffer SOURCE = ByteBuffer.allocateDirect(SIZE).asReadOnlyBuffer();

    private Zeroes() {}

    /** From {@code from} to before {@code to}; position and limit stay. */
    static void fill(ByteBuffer buffer, int from, int to) {
        for (int at = from; at < to; at += SIZE) {
            buffer.put(at, SOURCE, 0, Math.min(SIZE, to - at));
        }
    }

    /** A buffer of zeroes, which is to be read only; of at most {@link #SIZE} bytes. */
    static ByteBuffer buffer(int length) {
        return SOURCE.duplicate().limit(length);
    }
}
