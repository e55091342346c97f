package dev.weir.fuse.protocol;

/**
 * Attributes of an inode, with the fields of {@code struct fuse_attr}.
 *
 * @param ino inode number, not 0
 * @param size length in bytes
 * @param blocks units of 512 bytes that are allocated
 * @param atime last access, seconds since the epoch
 * @param mtime last change of the contents, seconds since the epoch
 * @param ctime last change of the inode, seconds since the epoch
 * @param atimensec nanoseconds of {@code atime}
 * @param mtimensec nanoseconds of {@code mtime}
 * @param ctimensec nanoseconds of {@code ctime}
 * @param mode type, such as {@link #S_IFREG}, and permission bits
 * @param nlink links, at least 1
 * @param uid owner
 * @param gid group
 * @param rdev device number, 0 for a file
 * @param blksize preferred size of I/O in bytes
 * @param flags 0
 */
public record FuseAttr(
        long ino,
        long size,
        long blocks,
        long atime,
        long mtime,
        long ctime,
        int atimensec,
        int mtimensec,
        int ctimensec,
        int mode,
        int nlink,
        int uid,
        int gid,
        int rdev,
        int blksize,
        int flags) {
    /** Type bits of a regular file. */
    public static final int S_IFREG = 0x8000;

    /** Mask of the permission bits, set-user-ID, set-group-ID and sticky included. */
    public static final int PERMISSIONS = 0xFFF;
}
