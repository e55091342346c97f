package dev.weir.storage.graph;

import dev.weir.storage.BlockLimits;
import dev.weir.storage.spi.BouncePool;
import java.nio.ByteBuffer;

/** Arithmetic with powers of two. */
final class Alignment {
    private Alignment() {}

    static long down(long value, long alignment) {
        return value & -alignment;
    }

    static int down(int value, int alignment) {
        return value & -alignment;
    }

    /** Stays at the largest multiple where the next would not fit. */
    static long up(long value, long alignment) {
        return value > Long.MAX_VALUE - alignment
                ? down(Long.MAX_VALUE, alignment)
                : down(value + alignment - 1, alignment);
    }

    /** Whether the device takes the buffer from this index on. */
    static boolean inMemory(BlockLimits limits, ByteBuffer buffer, int index) {
        int alignment = limits.memoryAlignment();
        return alignment == 1 || (buffer.isDirect() && buffer.alignmentOffset(index, alignment) == 0);
    }

    /** The size of a bounce buffer for a run of blocks: a multiple of the request alignment. */
    static int bounceSize(BlockLimits limits, long blocks) {
        int size = blocks <= BouncePool.SMALL ? BouncePool.SMALL : BouncePool.LARGE;
        return Math.min(Math.max(size, limits.requestAlignment()), limits.maxTransfer());
    }
}
