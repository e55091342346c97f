package dev.weir.posix;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/**
 * Calls on file descriptors. A descriptor is a plain number: whoever opened it closes it, exactly once and with no call
 * in progress on it. Calls that a signal interrupted are made again.
 *
 * <p>Every call on a descriptor without {@link #O_NONBLOCK} may block, and calls on regular files and block devices may
 * block whatever the flags are. {@code close} may block too, because it may write out what is left.
 *
 * <p>Buffers are direct; their position and limit give the range, and their position is advanced. Addresses are those of
 * memory that stays allocated until the call returns.
 */
public final class PosixFile {
    private static final boolean AARCH64 = "aarch64".equals(System.getProperty("os.arch"));

    public static final int O_RDONLY = 0;
    public static final int O_WRONLY = 1;
    public static final int O_RDWR = 2;
    public static final int O_CREAT = 0x40;
    public static final int O_EXCL = 0x80;
    public static final int O_TRUNC = 0x200;
    public static final int O_NONBLOCK = 0x800;
    public static final int O_DSYNC = 0x1000;
    public static final int O_CLOEXEC = 0x80000;
    public static final int O_PATH = 0x200000;
    public static final int O_DIRECT = AARCH64 ? 0x10000 : 0x4000;
    public static final int O_DIRECTORY = AARCH64 ? 0x4000 : 0x10000;
    public static final int O_NOFOLLOW = AARCH64 ? 0x8000 : 0x20000;

    public static final int SEEK_SET = 0;
    public static final int SEEK_CUR = 1;
    public static final int SEEK_END = 2;
    public static final int SEEK_DATA = 3;
    public static final int SEEK_HOLE = 4;

    public static final int FALLOC_FL_KEEP_SIZE = 0x01;
    public static final int FALLOC_FL_PUNCH_HOLE = 0x02;
    public static final int FALLOC_FL_ZERO_RANGE = 0x10;

    public static final int RWF_HIPRI = 0x01;
    public static final int RWF_DSYNC = 0x02;
    public static final int RWF_SYNC = 0x04;
    public static final int RWF_NOWAIT = 0x08;

    public static final int FD_CLOEXEC = 1;

    public static final short POLLIN = 0x01;
    public static final short POLLOUT = 0x04;
    public static final short POLLERR = 0x08;
    public static final short POLLHUP = 0x10;
    public static final short POLLNVAL = 0x20;

    private static final int F_GETFD = 1;
    private static final int F_SETFD = 2;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int F_DUPFD_CLOEXEC = 1030;

    private PosixFile() {}

    /**
     * Opens a file; {@link #O_CLOEXEC} is always set. May block, on a fifo until there is a peer unless
     * {@link #O_NONBLOCK} is given.
     *
     * @param mode permission bits of a file that {@link #O_CREAT} creates
     * @return a new descriptor
     */
    public static int open(String path, int flags, int mode) throws PosixException {
        String call = "open " + path;
        byte[] name = LibC.string(path, call);
        int fd;
        do {
            fd = LibC.CALLS.open(name, flags | O_CLOEXEC, mode);
        } while (fd < 0 && LibC.errno() == Errno.EINTR);
        return LibC.check(fd, call);
    }

    /** Closes a descriptor. It is closed even where this fails. */
    public static void close(int fd) throws PosixException {
        // Linux closes the descriptor before it reports EINTR: to try again could close somebody else's.
        if (LibC.CALLS.close(fd) < 0 && LibC.errno() != Errno.EINTR) {
            throw LibC.failed("close");
        }
    }

    /** Another descriptor, close-on-exec, of the same open file. Does not block. */
    public static int dup(int fd) throws PosixException {
        return LibC.check(LibC.CALLS.fcntl(fd, F_DUPFD_CLOEXEC, 0L), "fcntl");
    }

    /** Makes {@code target} refer to the open file of {@code fd}, in one step; what it referred to is closed. Close-on-exec. */
    public static void replace(int fd, int target) throws PosixException {
        int result;
        do {
            result = LibC.CALLS.dup3(fd, target, O_CLOEXEC);
        } while (result < 0 && (LibC.errno() == Errno.EINTR || LibC.errno() == Errno.EBUSY));
        LibC.check(result, "dup3");
    }

    /** Reads at most {@code length} bytes; 0 at the end of a file. */
    public static long read(int fd, long address, long length) throws PosixException {
        return checked(tryRead(fd, address, length), "read");
    }

    /** Reads into what is left of {@code dst}; 0 at the end of a file. */
    public static int read(int fd, ByteBuffer dst) throws PosixException {
        int n = (int) read(fd, LibC.address(dst) + dst.position(), dst.remaining());
        dst.position(dst.position() + n);
        return n;
    }

    /** As {@link #read(int, long, long)}, with a negated {@link Errno} in place of an exception. */
    public static long tryRead(int fd, long address, long length) {
        while (true) {
            long n = LibC.CALLS.read(fd, address, length);
            if (n >= 0) {
                return n;
            }
            int errno = LibC.errno();
            if (errno != Errno.EINTR) {
                return -errno;
            }
        }
    }

    /** Writes at most {@code length} bytes. */
    public static long write(int fd, long address, long length) throws PosixException {
        return checked(tryWrite(fd, address, length), "write");
    }

    /** Writes what is left of {@code src}, or less. */
    public static int write(int fd, ByteBuffer src) throws PosixException {
        int n = (int) write(fd, LibC.address(src) + src.position(), src.remaining());
        src.position(src.position() + n);
        return n;
    }

    /** As {@link #write(int, long, long)}, with a negated {@link Errno} in place of an exception. */
    public static long tryWrite(int fd, long address, long length) {
        while (true) {
            long n = LibC.CALLS.write(fd, address, length);
            if (n >= 0) {
                return n;
            }
            int errno = LibC.errno();
            if (errno != Errno.EINTR) {
                return -errno;
            }
        }
    }

    /** Reads at an offset, at most {@code length} bytes; 0 at or after the end. */
    public static long pread(int fd, long address, long length, long offset) throws PosixException {
        long n;
        do {
            n = LibC.CALLS.pread(fd, address, length, offset);
        } while (n < 0 && LibC.errno() == Errno.EINTR);
        return LibC.check(n, "pread");
    }

    /** Reads at an offset into what is left of {@code dst}, or less; 0 at or after the end. */
    public static int pread(int fd, ByteBuffer dst, long offset) throws PosixException {
        int n = (int) pread(fd, LibC.address(dst) + dst.position(), dst.remaining(), offset);
        dst.position(dst.position() + n);
        Reference.reachabilityFence(dst);
        return n;
    }

    /** Writes at an offset, at most {@code length} bytes. */
    public static long pwrite(int fd, long address, long length, long offset) throws PosixException {
        long n;
        do {
            n = LibC.CALLS.pwrite(fd, address, length, offset);
        } while (n < 0 && LibC.errno() == Errno.EINTR);
        return LibC.check(n, "pwrite");
    }

    /** Writes what is left of {@code src} at an offset, or less. */
    public static int pwrite(int fd, ByteBuffer src, long offset) throws PosixException {
        int n = (int) pwrite(fd, LibC.address(src) + src.position(), src.remaining(), offset);
        src.position(src.position() + n);
        Reference.reachabilityFence(src);
        return n;
    }

    /** The magic number of the file system that a file lies on, as statfs(2) lists them. May block. */
    public static long fileSystemType(int fd) throws PosixException {
        // f_type is the first word; the whole structure has 120 bytes.
        ByteBuffer statfs = LibC.struct(256);
        LibC.check(LibC.CALLS.fstatfs(fd, statfs), "fstatfs");
        return statfs.getLong(0);
    }

    /**
     * Moves the file offset; {@link #SEEK_DATA} and {@link #SEEK_HOLE} find the next offset of that kind, and fail with
     * ENXIO where there is none.
     */
    public static long lseek(int fd, long offset, int whence) throws PosixException {
        return LibC.check(LibC.CALLS.lseek(fd, offset, whence), "lseek");
    }

    /** Allocates, punches or zeroes a range; {@code mode} is made of {@code FALLOC_FL_} bits. */
    public static void fallocate(int fd, int mode, long offset, long length) throws PosixException {
        int result;
        do {
            result = LibC.CALLS.fallocate(fd, mode, offset, length);
        } while (result < 0 && LibC.errno() == Errno.EINTR);
        LibC.check(result, "fallocate");
    }

    /** Sets a file's length in bytes. */
    public static void ftruncate(int fd, long length) throws PosixException {
        int result;
        do {
            result = LibC.CALLS.ftruncate(fd, length);
        } while (result < 0 && LibC.errno() == Errno.EINTR);
        LibC.check(result, "ftruncate");
    }

    /** Puts a file's data, and what is needed to read it back, on stable storage. */
    public static void fdatasync(int fd) throws PosixException {
        int result;
        do {
            result = LibC.CALLS.fdatasync(fd);
        } while (result < 0 && LibC.errno() == Errno.EINTR);
        LibC.check(result, "fdatasync");
    }

    /** Puts a file's data and all its metadata on stable storage. */
    public static void fsync(int fd) throws PosixException {
        int result;
        do {
            result = LibC.CALLS.fsync(fd);
        } while (result < 0 && LibC.errno() == Errno.EINTR);
        LibC.check(result, "fsync");
    }

    /** A device's own call, with a number or an address as its argument. */
    public static int ioctl(int fd, long request, long argument) throws PosixException {
        int result;
        do {
            result = LibC.CALLS.ioctl(fd, request, argument);
        } while (result < 0 && LibC.errno() == Errno.EINTR);
        return LibC.check(result, "ioctl");
    }

    /** A device's own call, with a structure that starts at the direct buffer's position as its argument. */
    public static int ioctl(int fd, long request, ByteBuffer argument) throws PosixException {
        int result = ioctl(fd, request, LibC.address(argument) + argument.position());
        Reference.reachabilityFence(argument);
        return result;
    }

    /** The status flags of the open file ({@code O_}), F_GETFL. Does not block. */
    public static int statusFlags(int fd) throws PosixException {
        return LibC.check(LibC.CALLS.fcntl(fd, F_GETFL, 0L), "fcntl");
    }

    /** Sets the status flags of the open file, F_SETFL: those that can be changed are. Does not block. */
    public static void setStatusFlags(int fd, int flags) throws PosixException {
        LibC.check(LibC.CALLS.fcntl(fd, F_SETFL, (long) flags), "fcntl");
    }

    /** The flags of the descriptor ({@link #FD_CLOEXEC}), F_GETFD. Does not block. */
    public static int descriptorFlags(int fd) throws PosixException {
        return LibC.check(LibC.CALLS.fcntl(fd, F_GETFD, 0L), "fcntl");
    }

    /** Sets the flags of the descriptor, F_SETFD. Does not block. */
    public static void setDescriptorFlags(int fd, int flags) throws PosixException {
        LibC.check(LibC.CALLS.fcntl(fd, F_SETFD, (long) flags), "fcntl");
    }

    /**
     * Waits for one descriptor; blocks for as long as {@code timeoutMillis} says.
     *
     * @param timeoutMillis 0 does not wait, a negative number waits for ever
     * @return the {@code POLL} bits that are set, 0 when the time was up
     */
    public static int poll(int fd, int events, int timeoutMillis) throws PosixException {
        ByteBuffer pollfd = LibC.struct(8);
        pollfd.putInt(0, fd).putShort(4, (short) events);
        long end = System.nanoTime() + timeoutMillis * 1_000_000L;
        int left = timeoutMillis;
        int n;
        while ((n = LibC.CALLS.poll(pollfd, 1, left)) < 0 && LibC.errno() == Errno.EINTR) {
            left = timeoutMillis < 0 ? -1 : (int) Math.max(0, (end - System.nanoTime()) / 1_000_000L);
        }
        LibC.check(n, "poll");
        return n == 0 ? 0 : Short.toUnsignedInt(pollfd.getShort(6));
    }

    private static long checked(long result, String call) throws PosixException {
        if (result < 0) {
            throw new PosixException((int) -result, call);
        }
        return result;
    }
}
