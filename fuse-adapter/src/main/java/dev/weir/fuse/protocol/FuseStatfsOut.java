package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_statfs_out}, 80 bytes: the reply to STATFS.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseStatfsOut {
    /** Size in bytes. */
    public static final int SIZE = 80;

    private FuseStatfsOut() {}

    /** Writes the struct. */
    public static void encode(ByteBuffer buffer, int at, FuseStatfs statfs) {
        buffer.putLong(at, statfs.blocks());
        buffer.putLong(at + 8, statfs.bfree());
        buffer.putLong(at + 16, statfs.bavail());
        buffer.putLong(at + 24, statfs.files());
        buffer.putLong(at + 32, statfs.ffree());
        buffer.putInt(at + 40, statfs.bsize());
        buffer.putInt(at + 44, statfs.namelen());
        buffer.putInt(at + 48, statfs.frsize());
        buffer.putInt(at + 52, 0);
        buffer.putLong(at + 56, 0);
        buffer.putLong(at + 64, 0);
        buffer.putLong(at + 72, 0);
    }
}
