package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_release_in}, 24 bytes: the body of RELEASE and RELEASEDIR.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseReleaseIn {
    /** Size in bytes. */
    public static final int SIZE = 24;

    /** Flush as well. */
    public static final int FUSE_RELEASE_FLUSH = 1;

    /** Drop the {@code flock(2)} lock of the owner. */
    public static final int FUSE_RELEASE_FLOCK_UNLOCK = 1 << 1;

    private FuseReleaseIn() {}

    /** File handle, as given in the reply to OPEN. */
    public static long fh(ByteBuffer buffer, int at) {
        return buffer.getLong(at);
    }

    /** The {@code O_} flags of the open file. */
    public static int flags(ByteBuffer buffer, int at) {
        return buffer.getInt(at + 8);
    }

    /** The {@code FUSE_RELEASE_} bits. */
    public static int releaseFlags(ByteBuffer buffer, int at) {
        return buffer.getInt(at + 12);
    }

    /** Identifies the owner of locks; opaque. */
    public static long lockOwner(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 16);
    }
}
