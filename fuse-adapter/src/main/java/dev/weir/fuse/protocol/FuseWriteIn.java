package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_write_in}, 40 bytes: the body of WRITE; the data follow it.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseWriteIn {
    /** Size in bytes. */
    public static final int SIZE = 40;

    /** Written back from the page cache: the file handle is a guess. */
    public static final int FUSE_WRITE_CACHE = 1;

    /** The lock owner is valid. */
    public static final int FUSE_WRITE_LOCKOWNER = 1 << 1;

    /** Drop the set-user-ID and set-group-ID bits. */
    public static final int FUSE_WRITE_KILL_SUIDGID = 1 << 2;

    private FuseWriteIn() {}

    /** File handle, as given in the reply to OPEN. */
    public static long fh(ByteBuffer buffer, int at) {
        return buffer.getLong(at);
    }

    /** Where the first byte goes; never negative in a decoded request. */
    public static long offset(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 8);
    }

    /** Bytes to write; equal to the length of the payload in a decoded request. */
    public static int size(ByteBuffer buffer, int at) {
        return buffer.getInt(at + 16);
    }

    /** The {@code FUSE_WRITE_} bits. */
    public static int writeFlags(ByteBuffer buffer, int at) {
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
