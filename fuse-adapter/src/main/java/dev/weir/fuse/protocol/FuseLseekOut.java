package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_lseek_out}, 8 bytes: the reply to LSEEK.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseLseekOut {
    /** Size in bytes. */
    public static final int SIZE = 8;

    private FuseLseekOut() {}

    /** Writes the struct: the position that was found, in bytes from the start of the file. */
    public static void encode(ByteBuffer buffer, int at, long offset) {
        buffer.putLong(at, offset);
    }
}
