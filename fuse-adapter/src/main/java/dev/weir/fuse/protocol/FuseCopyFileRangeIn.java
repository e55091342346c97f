package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_copy_file_range_in}, 56 bytes: the body of both COPY_FILE_RANGE operations.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseCopyFileRangeIn {
    /** Size in bytes. */
    public static final int SIZE = 56;

    private FuseCopyFileRangeIn() {}

    /** File handle to read from. */
    public static long fhIn(ByteBuffer buffer, int at) {
        return buffer.getLong(at);
    }

    /** First byte to read; never negative in a decoded request. */
    public static long offIn(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 8);
    }

    /** Inode to write to. */
    public static long nodeidOut(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 16);
    }

    /** File handle to write to. */
    public static long fhOut(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 24);
    }

    /** Where the first byte goes; never negative in a decoded request. */
    public static long offOut(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 32);
    }

    /** Bytes to copy; never negative in a decoded request. */
    public static long len(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 40);
    }

    /** Flags of the system call; 0. */
    public static long flags(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 48);
    }
}
