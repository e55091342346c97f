package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_fsync_in}, 16 bytes: the body of FSYNC and FSYNCDIR.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseFsyncIn {
    /** Size in bytes. */
    public static final int SIZE = 16;

    /** Only the data: {@code fdatasync(2)}. */
    public static final int FUSE_FSYNC_FDATASYNC = 1;

    private FuseFsyncIn() {}

    /** File handle, as given in the reply to OPEN. */
    public static long fh(ByteBuffer buffer, int at) {
        return buffer.getLong(at);
    }

    /** {@link #FUSE_FSYNC_FDATASYNC} or 0. */
    public static int fsyncFlags(ByteBuffer buffer, int at) {
        return buffer.getInt(at + 8);
    }
}
