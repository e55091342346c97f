package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_setattr_in}, 88 bytes: the body of SETATTR.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseSetattrIn {
    /** Size in bytes. */
    public static final int SIZE = 88;

    /** Set the mode. */
    public static final int FATTR_MODE = 1;

    /** Set the owner. */
    public static final int FATTR_UID = 1 << 1;

    /** Set the group. */
    public static final int FATTR_GID = 1 << 2;

    /** Set the length. */
    public static final int FATTR_SIZE = 1 << 3;

    /** Set the access time. */
    public static final int FATTR_ATIME = 1 << 4;

    /** Set the modification time. */
    public static final int FATTR_MTIME = 1 << 5;

    /** The file handle is valid. */
    public static final int FATTR_FH = 1 << 6;

    /** Set the access time to now. */
    public static final int FATTR_ATIME_NOW = 1 << 7;

    /** Set the modification time to now. */
    public static final int FATTR_MTIME_NOW = 1 << 8;

    /** The lock owner is valid. */
    public static final int FATTR_LOCKOWNER = 1 << 9;

    /** Set the change time. */
    public static final int FATTR_CTIME = 1 << 10;

    /** Drop the set-user-ID and set-group-ID bits. */
    public static final int FATTR_KILL_SUIDGID = 1 << 11;

    private FuseSetattrIn() {}

    /** The {@code FATTR_} bits: which of the fields are to be set. */
    public static int valid(ByteBuffer buffer, int at) {
        return buffer.getInt(at);
    }

    /** File handle, valid with {@link #FATTR_FH}. */
    public static long fh(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 8);
    }

    /** New length of the file in bytes, valid with {@link #FATTR_SIZE}; never negative in a decoded request. */
    public static long size(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 16);
    }

    /** Identifies the owner of locks; opaque. */
    public static long lockOwner(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 24);
    }

    /** Time of the last access, seconds since the epoch. */
    public static long atime(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 32);
    }

    /** Time of the last change of the contents, seconds since the epoch. */
    public static long mtime(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 40);
    }

    /** Time of the last change of the inode, seconds since the epoch. */
    public static long ctime(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 48);
    }

    /** Nanoseconds of the access time. */
    public static int atimensec(ByteBuffer buffer, int at) {
        return buffer.getInt(at + 56);
    }

    /** Nanoseconds of the modification time. */
    public static int mtimensec(ByteBuffer buffer, int at) {
        return buffer.getInt(at + 60);
    }

    /** Nanoseconds of the change time. */
    public static int ctimensec(ByteBuffer buffer, int at) {
        return buffer.getInt(at + 64);
    }

    /** New file mode, type bits included. */
    public static int mode(ByteBuffer buffer, int at) {
        return buffer.getInt(at + 68);
    }

    /** New owner. */
    public static int uid(ByteBuffer buffer, int at) {
        return buffer.getInt(at + 76);
    }

    /** New group. */
    public static int gid(ByteBuffer buffer, int at) {
        return buffer.getInt(at + 80);
    }
}
