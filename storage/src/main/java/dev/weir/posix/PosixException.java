package dev.weir.posix;

import java.io.IOException;

/** A system call that failed. */
public final class PosixException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int errno;
    private final String call;

    /**
     * @param errno one of {@link Errno}
     * @param call the call's name, followed by the path where there is one
     */
    public PosixException(int errno, String call) {
        super(call + ": " + Errno.text(errno));
        this.errno = errno;
        this.call = call;
    }

    /** The error number; see {@link Errno}. */
    public int errno() {
        return errno;
    }

    /** The call that failed, such as {@code fallocate}. */
    public String call() {
        return call;
    }
}
