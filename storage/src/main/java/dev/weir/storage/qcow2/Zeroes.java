package dev.weir.storage.qcow2;

import java.nio.ByteBuffer;

/** Zeroes in buffers. */
final class Zeroes {
    private static final ByteBuffer SOURCE = ByteBuffer.allocateDirect(64 << 10).asReadOnlyBuffer();

    private Zeroes() {}

    /** From {@code from} to before {@code to}; position and limit stay. */
    static void fill(ByteBuffer buffer, int from, int to) {
        for (int at = from; at < to; at += SOURCE.capacity()) {
            buffer.put(at, SOURCE, 0, Math.min(SOURCE.capacity(), to - at));
        }
    }
}
