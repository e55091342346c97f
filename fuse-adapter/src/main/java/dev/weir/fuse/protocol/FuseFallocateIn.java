package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_fallocate_in}, 32 bytes: the body of FALLOCATE.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseFallocateIn {
    /** Size in bytes. */
    public static final int SIZE = 32;

    /** The length of the file stays. */
    public static final int FALLOC_FL_KEEP_SIZE = 1;

    /** Give the range back; it reads as zeroes. Comes with {@link #FALLOC_FL_KEEP_SIZE}. */
    public static final int FALLOC_FL_PUNCH_HOLE = 1 << 1;

    /** The range reads as zeroes. */
    public static final int FALLOC_FL_ZERO_RANGE = 1 << 4;

    private FuseFallocateIn() {}

    /** File handle, as given in the reply to OPEN. */
    public static long fh(ByteBuffer buffer, int at) {
        return buffer.getLong(at);
    }

    /** First byte of the range; never negative in a decoded request. */
    public static long offset(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 8);
    }

    /** Bytes in the range; positive in a decoded request, and {@code offset + length} does not overflow. */
    public static long length(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 16);
    }

    /** The {@code FALLOC_FL_} bits. */
    public static int mode(ByteBuffer buffer, int at) {
        return buffer.getInt(at + 24);
    }
}
