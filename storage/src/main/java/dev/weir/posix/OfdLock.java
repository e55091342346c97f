package dev.weir.posix;

import java.nio.ByteBuffer;

/**
 * Advisory byte-range locks of an open file description (fcntl F_OFD_SETLK). They conflict with those of every other open
 * file description, in this process too, and with POSIX locks; they are gone when the last descriptor of theirs is closed.
 * No call here waits for a lock; a network file system may still block.
 */
public final class OfdLock {
    private static final int F_OFD_GETLK = 36;
    private static final int F_OFD_SETLK = 37;
    private static final short F_RDLCK = 0;
    private static final short F_WRLCK = 1;
    private static final short F_UNLCK = 2;

    /** struct flock: l_type@0 l_whence@2 l_start@8 l_len@16 l_pid@24. */
    private static final int FLOCK_BYTES = 32;

    private OfdLock() {}

    /**
     * Takes a shared lock, or an exclusive one, on {@code length} bytes.
     *
     * @return false where another open file description holds a lock that conflicts
     */
    public static boolean tryLock(int fd, long offset, long length, boolean exclusive) throws PosixException {
        ByteBuffer flock = flock(exclusive ? F_WRLCK : F_RDLCK, offset, length);
        int errno = call(fd, F_OFD_SETLK, flock);
        if (errno == Errno.EAGAIN || errno == Errno.EACCES) {
            return false;
        }
        check(errno);
        return true;
    }

    /** Gives a range back; nothing happens where it is not held. */
    public static void unlock(int fd, long offset, long length) throws PosixException {
        check(call(fd, F_OFD_SETLK, flock(F_UNLCK, offset, length)));
    }

    /** Whether {@link #tryLock} would succeed; takes nothing. */
    public static boolean probe(int fd, long offset, long length, boolean exclusive) throws PosixException {
        ByteBuffer flock = flock(exclusive ? F_WRLCK : F_RDLCK, offset, length);
        check(call(fd, F_OFD_GETLK, flock));
        return flock.getShort(0) == F_UNLCK;
    }

    private static ByteBuffer flock(short type, long offset, long length) {
        // l_whence is SEEK_SET and l_pid must be 0.
        return LibC.struct(FLOCK_BYTES).putShort(0, type).putLong(8, offset).putLong(16, length);
    }

    private static int call(int fd, int command, ByteBuffer flock) {
        while (LibC.CALLS.fcntl(fd, command, flock) < 0) {
            int errno = LibC.errno();
            if (errno != Errno.EINTR) {
                return errno;
            }
        }
        return 0;
    }

    private static void check(int errno) throws PosixException {
        if (errno != 0) {
            throw new PosixException(errno, "fcntl");
        }
    }
}
