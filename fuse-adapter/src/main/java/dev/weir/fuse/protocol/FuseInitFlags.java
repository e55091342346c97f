package dev.weir.fuse.protocol;

/**
 * The capabilities that INIT negotiates: one {@code long}, bits 0 to 31 from {@code flags} and 32 to 63 from
 * {@code flags2}.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}, with the prefix {@code FUSE_} cut.
 */
public final class FuseInitFlags {
    /** Reads may be answered in any order; without it the kernel issues them one by one. */
    public static final long ASYNC_READ = 1L;

    /** The server keeps POSIX locks. */
    public static final long POSIX_LOCKS = 1L << 1;

    /** Requests carry a file handle. */
    public static final long FILE_OPS = 1L << 2;

    /** O_TRUNC comes with OPEN, not as a SETATTR after it. */
    public static final long ATOMIC_O_TRUNC = 1L << 3;

    /** LOOKUP of "." and "..". */
    public static final long EXPORT_SUPPORT = 1L << 4;

    /** Buffered writes may be larger than 4 KiB. */
    public static final long BIG_WRITES = 1L << 5;

    /** The server applies the umask. */
    public static final long DONT_MASK = 1L << 6;

    /** Ignored by the kernel. */
    public static final long SPLICE_WRITE = 1L << 7;

    /** Pages may be moved, not copied. */
    public static final long SPLICE_MOVE = 1L << 8;

    /** Ignored by the kernel. */
    public static final long SPLICE_READ = 1L << 9;

    /** The server keeps {@code flock(2)} locks. */
    public static final long FLOCK_LOCKS = 1L << 10;

    /** IOCTL on directories. */
    public static final long HAS_IOCTL_DIR = 1L << 11;

    /** The kernel drops cached pages when the modification time changed. */
    public static final long AUTO_INVAL_DATA = 1L << 12;

    /** READDIRPLUS instead of READDIR. */
    public static final long DO_READDIRPLUS = 1L << 13;

    /** READDIRPLUS where it pays. */
    public static final long READDIRPLUS_AUTO = 1L << 14;

    /** O_DIRECT requests of one caller run in parallel; without it at queue depth 1. */
    public static final long ASYNC_DIO = 1L << 15;

    /** The kernel holds dirty pages, size and times. */
    public static final long WRITEBACK_CACHE = 1L << 16;

    /** OPEN may be answered ENOSYS once and for all. */
    public static final long NO_OPEN_SUPPORT = 1L << 17;

    /** LOOKUP and READDIR in parallel. */
    public static final long PARALLEL_DIROPS = 1L << 18;

    /** The server drops set-user-ID bits on write, truncate and chown. */
    public static final long HANDLE_KILLPRIV = 1L << 19;

    /** POSIX access control lists. */
    public static final long POSIX_ACL = 1L << 20;

    /** Reading the device of an aborted connection gives ECONNABORTED, not ENODEV. */
    public static final long ABORT_ERROR = 1L << 21;

    /** {@link FuseInitReply#maxPages()} counts. */
    public static final long MAX_PAGES = 1L << 22;

    /** READLINK may be cached. */
    public static final long CACHE_SYMLINKS = 1L << 23;

    /** OPENDIR may be answered ENOSYS once and for all. */
    public static final long NO_OPENDIR_SUPPORT = 1L << 24;

    /** Cached pages are dropped only when the server says so. */
    public static final long EXPLICIT_INVAL_DATA = 1L << 25;

    /** {@link FuseInitReply#mapAlignment()} counts. */
    public static final long MAP_ALIGNMENT = 1L << 26;

    /** Automatic submounts. */
    public static final long SUBMOUNTS = 1L << 27;

    /** As HANDLE_KILLPRIV, told by flags in WRITE, OPEN and SETATTR. */
    public static final long HANDLE_KILLPRIV_V2 = 1L << 28;

    /** SETXATTR has the longer struct. */
    public static final long SETXATTR_EXT = 1L << 29;

    /** Bits from 32 up are valid; in a reply, without it the kernel ignores them. */
    public static final long INIT_EXT = 1L << 30;

    /** Security context with CREATE and its like. */
    public static final long SECURITY_CTX = 1L << 32;

    /** DAX by inode. */
    public static final long HAS_INODE_DAX = 1L << 33;

    /** Supplementary group with CREATE and its like. */
    public static final long CREATE_SUPP_GROUP = 1L << 34;

    /** INVAL_ENTRY can expire only. */
    public static final long HAS_EXPIRE_ONLY = 1L << 35;

    /** MAP_SHARED of files opened with FOPEN_DIRECT_IO. */
    public static final long DIRECT_IO_ALLOW_MMAP = 1L << 36;

    /** I/O straight to a backing file. */
    public static final long PASSTHROUGH = 1L << 37;

    /** No file handles for re-export. */
    public static final long NO_EXPORT_SUPPORT = 1L << 38;

    /** Pending requests can be sent again. */
    public static final long HAS_RESEND = 1L << 39;

    /** ID-mapped mounts. */
    public static final long ALLOW_IDMAP = 1L << 40;

    /** Requests over io_uring. */
    public static final long OVER_IO_URING = 1L << 41;

    /** {@link FuseInitReply#requestTimeout()} counts. */
    public static final long REQUEST_TIMEOUT = 1L << 42;

    private FuseInitFlags() {}

    /** Both words as one; {@code flags2} counts only with {@link #INIT_EXT} in {@code flags}. */
    public static long join(int flags, int flags2) {
        long low = Integer.toUnsignedLong(flags);
        return (low & INIT_EXT) != 0 ? low | (long) flags2 << 32 : low;
    }

    /** Bits 0 to 31. */
    public static int flags(long joined) {
        return (int) joined;
    }

    /** Bits 32 to 63. */
    public static int flags2(long joined) {
        return (int) (joined >>> 32);
    }
}
