package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_interrupt_in}, 8 bytes: the body of INTERRUPT.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseInterruptIn {
    /** Size in bytes. */
    public static final int SIZE = 8;

    private FuseInterruptIn() {}

    /** The request that its caller gave up. */
    public static long unique(ByteBuffer buffer, int at) {
        return buffer.getLong(at);
    }
}
