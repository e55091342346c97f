package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_flush_in}, 24 bytes: the body of FLUSH, sent by every {@code close(2)}.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseFlushIn {
    /** Size in bytes. */
    public static final int SIZE = 24;

    private FuseFlushIn() {}

    /** File handle, as given in the reply to OPEN. */
    public static long fh(ByteBuffer buffer, int at) {
        return buffer.getLong(at);
    }

    /** Identifies the owner of locks; opaque. */
    public static long lockOwner(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 16);
    }
}
