package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_write_out}, 8 bytes: the reply to WRITE and COPY_FILE_RANGE.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseWriteOut {
    /** Size in bytes. */
    public static final int SIZE = 8;

    private FuseWriteOut() {}

    /**
     * Writes the struct.
     *
     * @param size bytes written, at most what was asked for
     */
    public static void encode(ByteBuffer buffer, int at, int size) {
        buffer.putInt(at, size);
        buffer.putInt(at + 4, 0);
    }
}
