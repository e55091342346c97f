package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_access_in}, 8 bytes: the body of ACCESS.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseAccessIn {
    /** Size in bytes. */
    public static final int SIZE = 8;

    private FuseAccessIn() {}

    /** The mode of {@code access(2)}. */
    public static int mask(ByteBuffer buffer, int at) {
        return buffer.getInt(at);
    }
}
