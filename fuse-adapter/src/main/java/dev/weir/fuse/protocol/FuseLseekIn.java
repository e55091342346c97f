package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_lseek_in}, 24 bytes: the body of LSEEK.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseLseekIn {
    /** Size in bytes. */
    public static final int SIZE = 24;

    /** Find the next data. */
    public static final int SEEK_DATA = 3;

    /** Find the next hole; the end of the file is one. */
    public static final int SEEK_HOLE = 4;

    private FuseLseekIn() {}

    /** File handle, as given in the reply to OPEN. */
    public static long fh(ByteBuffer buffer, int at) {
        return buffer.getLong(at);
    }

    /** Where to search from; negative where the client gave a negative one, which the kernel lets pass. */
    public static long offset(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 8);
    }

    /** {@link #SEEK_DATA} or {@link #SEEK_HOLE}; the kernel sends no other. */
    public static int whence(ByteBuffer buffer, int at) {
        return buffer.getInt(at + 16);
    }
}
