package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_open_in}, 8 bytes: the body of OPEN and OPENDIR.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseOpenIn {
    /** Size in bytes. */
    public static final int SIZE = 8;

    /** Drop the set-user-ID and set-group-ID bits: the open truncates. */
    public static final int FUSE_OPEN_KILL_SUIDGID = 1;

    /** Mask of the access mode in {@code flags}. */
    public static final int O_ACCMODE = 3;

    /** Access mode: read. */
    public static final int O_RDONLY = 0;

    /** Access mode: write. */
    public static final int O_WRONLY = 1;

    /** Access mode: both. */
    public static final int O_RDWR = 2;

    /** Truncate; reaches OPEN only when {@link FuseInitFlags#ATOMIC_O_TRUNC} was negotiated. */
    public static final int O_TRUNC = 0x200;

    /** Every write goes to the end. */
    public static final int O_APPEND = 0x400;

    private FuseOpenIn() {}

    /** The {@code O_} flags of {@code open(2)}, without O_CREAT, O_EXCL and O_NOCTTY. */
    public static int flags(ByteBuffer buffer, int at) {
        return buffer.getInt(at);
    }

    /** {@link #FUSE_OPEN_KILL_SUIDGID} or 0. */
    public static int openFlags(ByteBuffer buffer, int at) {
        return buffer.getInt(at + 4);
    }
}
