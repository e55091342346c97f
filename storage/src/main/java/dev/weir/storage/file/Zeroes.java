package dev.weir.storage.file;

import java.nio.ByteBuffer;

/** A page-aligned MiB of zeroes. */
final class Zeroes {
    static final int LENGTH = 1 << 20;

    private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(LENGTH + 4096)
            .alignedSlice(4096)
            .limit(LENGTH)
            .asReadOnlyBuffer();

    private Zeroes() {}

    /** A view of {@code length} zeroes, at most {@link #LENGTH}. */
    static ByteBuffer view(long length) {
        return ZEROES.duplicate().limit((int) Math.min(length, LENGTH));
    }

    /** Fills what is left of a buffer. */
    static void fill(ByteBuffer buffer) {
        while (buffer.hasRemaining()) {
            buffer.put(view(buffer.remaining()));
        }
    }
}
