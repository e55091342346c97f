package dev.weir.fuse.session;

import dev.weir.fuse.protocol.Errno;
import dev.weir.storage.BlockException;

/** The only place where an error of the block layer becomes an errno. */
final class ErrnoMapper {
    private ErrnoMapper() {}

    /** The errno for whatever a request ended with; EIO where nothing fits. */
    static Errno errnoOf(Throwable failure) {
        if (failure instanceof OutOfMemoryError) {
            return Errno.ENOMEM;
        }
        if (!(failure instanceof BlockException block)) {
            return Errno.EIO;
        }
        return switch (block.kind()) {
            case IO, OUT_OF_RANGE, CLOSED -> Errno.EIO;
            case NO_SPACE -> Errno.ENOSPC;
            case QUOTA_EXCEEDED -> Errno.EDQUOT;
            case FILE_TOO_LARGE -> Errno.EFBIG;
            case READ_ONLY -> Errno.EROFS;
            // What a request of an open file is denied, its permissions have no part in.
            case ACCESS_DENIED -> Errno.EPERM;
            case NOT_FOUND -> Errno.ENOENT;
            case INVALID, INVALID_FORMAT -> Errno.EINVAL;
            case UNSUPPORTED -> Errno.EOPNOTSUPP;
            case BUSY -> Errno.EBUSY;
            case NO_DATA -> Errno.ENXIO;
            case NO_MEMORY -> Errno.ENOMEM;
            case TIMED_OUT -> Errno.ETIMEDOUT;
        };
    }

    /** Whether a failure is an answer that the client caused or can act on, and not one for the log. */
    static boolean expected(Throwable failure) {
        if (!(failure instanceof BlockException block)) {
            return false;
        }
        return switch (block.kind()) {
            case READ_ONLY, UNSUPPORTED, NO_DATA, INVALID, NO_SPACE, QUOTA_EXCEEDED, FILE_TOO_LARGE -> true;
            default -> false;
        };
    }
}
