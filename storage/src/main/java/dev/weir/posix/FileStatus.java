package dev.weir.posix;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.time.Instant;

/**
 * What statx(2) tells of a file.
 *
 * @param mode type and permission bits
 * @param size bytes; 0 for a block device
 * @param blocks units of 512 bytes that are allocated
 * @param blockSize preferred size of I/O in bytes
 * @param uid owner
 * @param gid owning group
 * @param device the file system's number as in {@code st_dev}, major and minor in glibc's encoding
 * @param inode number in the file system
 * @param rdevMajor major number of the device that a device file stands for
 * @param rdevMinor its minor number
 * @param accessed time of the last access
 * @param modified time of the last change of the contents
 * @param changed time of the last change of contents or metadata
 * @param directIoKnown whether the next two are known; not before Linux 6.1, nor on every file system
 * @param memoryAlignment bytes: how buffers of O_DIRECT requests must be aligned; 0 where O_DIRECT is not supported
 * @param offsetAlignment the same for offset and length
 */
public record FileStatus(
        int mode,
        long size,
        long blocks,
        int blockSize,
        int uid,
        int gid,
        long device,
        long inode,
        int rdevMajor,
        int rdevMinor,
        Instant accessed,
        Instant modified,
        Instant changed,
        boolean directIoKnown,
        int memoryAlignment,
        int offsetAlignment) {
    private static final int STATX_BYTES = 256;
    private static final int STATX_BASIC_STATS = 0x7ff;
    private static final int STATX_DIOALIGN = 0x2000;
    private static final int AT_FDCWD = -100;
    private static final int AT_SYMLINK_NOFOLLOW = 0x100;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int AT_STATX_FORCE_SYNC = 0x2000;

    private static final int S_IFMT = 0170000;
    private static final int S_IFREG = 0100000;
    private static final int S_IFBLK = 0060000;
    private static final int S_IFDIR = 0040000;
    private static final int S_IFCHR = 0020000;
    private static final int S_IFIFO = 0010000;
    private static final int S_IFLNK = 0120000;
    private static final int S_IFSOCK = 0140000;

    /** Of an open file. May block for a network file system. */
    public static FileStatus of(int fd) throws PosixException {
        return statx(fd, "", AT_EMPTY_PATH, "statx");
    }

    /** Of a path, following symbolic links. May block. */
    public static FileStatus of(String path) throws PosixException {
        return statx(AT_FDCWD, path, 0, "statx " + path);
    }

    /**
     * As {@link #of(String)}, from the file system itself even where the kernel remembers what it said: the way to learn
     * whether its server lives.
     */
    public static FileStatus asked(String path) throws PosixException {
        return statx(AT_FDCWD, path, AT_STATX_FORCE_SYNC, "statx " + path);
    }

    /** Of a path, a symbolic link itself where it is one. May block. */
    public static FileStatus ofLink(String path) throws PosixException {
        return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, "statx " + path);
    }

    public boolean isRegular() {
        return (mode & S_IFMT) == S_IFREG;
    }

    public boolean isBlockDevice() {
        return (mode & S_IFMT) == S_IFBLK;
    }

    public boolean isDirectory() {
        return (mode & S_IFMT) == S_IFDIR;
    }

    /** The type of the file in words, with an article. */
    public String kind() {
        return switch (mode & S_IFMT) {
            case S_IFREG -> "a regular file";
            case S_IFBLK -> "a block device";
            case S_IFDIR -> "a directory";
            case S_IFCHR -> "a character device";
            case S_IFIFO -> "a fifo";
            case S_IFLNK -> "a symbolic link";
            case S_IFSOCK -> "a socket";
            default -> "a file of unknown type";
        };
    }

    private static FileStatus statx(int dirFd, String path, int flags, String call) throws PosixException {
        byte[] name = LibC.string(path, call);
        ByteBuffer statx = LibC.struct(STATX_BYTES);
        int result;
        do {
            result = LibC.CALLS.statx(dirFd, name, flags, STATX_BASIC_STATS | STATX_DIOALIGN, statx);
        } while (result < 0 && LibC.errno() == Errno.EINTR);
        LibC.check(result, call);
        try {
            return new FileStatus(
                    Short.toUnsignedInt(statx.getShort(28)),
                    statx.getLong(40),
                    statx.getLong(48),
                    statx.getInt(4),
                    statx.getInt(20),
                    statx.getInt(24),
                    device(statx.getInt(136), statx.getInt(140)),
                    statx.getLong(32),
                    statx.getInt(128),
                    statx.getInt(132),
                    instant(statx, 64),
                    instant(statx, 112),
                    instant(statx, 96),
                    (statx.getInt(0) & STATX_DIOALIGN) != 0,
                    statx.getInt(152),
                    statx.getInt(156));
        } finally {
            Reference.reachabilityFence(statx);
        }
    }

    /** Major number of {@link #device}. */
    public int deviceMajor() {
        return (int) (device >>> 8 & 0xfffL | device >>> 32 & ~0xfffL);
    }

    /** As glibc's makedev, so that numbers can be compared with those of the JDK. */
    private static long device(int major, int minor) {
        long high = Integer.toUnsignedLong(major);
        long low = Integer.toUnsignedLong(minor);
        return (high & 0xfffL) << 8 | (high & ~0xfffL) << 32 | (low & 0xffL) | (low & ~0xffL) << 12;
    }

    private static Instant instant(ByteBuffer statx, int offset) {
        return Instant.ofEpochSecond(statx.getLong(offset), statx.getInt(offset + 8));
    }
}
