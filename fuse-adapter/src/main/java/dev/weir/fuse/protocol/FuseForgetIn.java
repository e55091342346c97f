package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_forget_in}, 8 bytes: the body of FORGET.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseForgetIn {
    /** Size in bytes. */
    public static final int SIZE = 8;

    private FuseForgetIn() {}

    /** How many lookups are taken back. */
    public static long nlookup(ByteBuffer buffer, int at) {
        return buffer.getLong(at);
    }
}
