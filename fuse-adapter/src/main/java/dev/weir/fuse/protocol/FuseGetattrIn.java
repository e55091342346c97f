package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_getattr_in}, 16 bytes: the body of GETATTR.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseGetattrIn {
    /** Size in bytes. */
    public static final int SIZE = 16;

    /** The file handle is valid. */
    public static final int FUSE_GETATTR_FH = 1;

    private FuseGetattrIn() {}

    /** {@link #FUSE_GETATTR_FH} or 0. */
    public static int getattrFlags(ByteBuffer buffer, int at) {
        return buffer.getInt(at);
    }

    /** File handle, valid with {@link #FUSE_GETATTR_FH}. */
    public static long fh(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 8);
    }
}
