package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_read_in}, 40 bytes: the body of READ, READDIR and READDIRPLUS.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseReadIn {
    /** Size in bytes. */
    public static final int SIZE = 40;

    /** The lock owner is valid. */
    public static final int FUSE_READ_LOCKOWNER = 1 << 1;

    private FuseReadIn() {}

    /** File handle, as given in the reply to OPEN. */
    public static long fh(ByteBuffer buffer, int at) {
        return buffer.getLong(at);
    }

    /** First byte to read; never negative in a decoded READ. */
    public static long offset(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 8);
    }

    /** Bytes wanted; from 0 to the {@code maxRead} of the decoder in a decoded READ. */
    public static int size(ByteBuffer buffer, int at) {
        return buffer.getInt(at + 16);
    }

    /** {@link #FUSE_READ_LOCKOWNER} or 0. */
    public static int readFlags(ByteBuffer buffer, int at) {
        return buffer.getInt(at + 20);
    }

    /** Identifies the owner of locks; opaque. */
    public static long lockOwner(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 24);
    }

    /** The {@code O_} flags of the open file. */
    public static int flags(ByteBuffer buffer, int at) {
        return buffer.getInt(at + 32);
    }
}
