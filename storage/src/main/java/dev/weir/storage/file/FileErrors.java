package dev.weir.storage.file;

import dev.weir.posix.Errno;
import dev.weir.posix.PosixException;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** Turns what the JDK and the C library report into a {@link BlockErrorKind}. */
final class FileErrors {
    /** The JDK's channels keep only the C library's text of an error; in one process it is the same for all. */
    private static final Map<String, Integer> ERRNO_BY_TEXT = errnoByText();

    private FileErrors() {}

    /** A failed operation of a node, or {@code cause} itself where it tells that already. */
    static BlockException failed(String nodeName, String operation, long offset, Throwable cause) {
        return cause instanceof BlockException known
                ? known
                : BlockException.failed(kind(cause), nodeName, operation, offset, cause);
    }

    static BlockErrorKind kind(Throwable cause) {
        if (cause instanceof BlockException known) {
            return known.kind();
        }
        if (cause instanceof ClosedChannelException || cause instanceof RejectedExecutionException) {
            return BlockErrorKind.CLOSED;
        }
        if (cause instanceof OutOfMemoryError) {
            return BlockErrorKind.NO_MEMORY;
        }
        return kind(errno(cause));
    }

    /** The error number behind a failure, or 0 where it is not known. */
    static int errno(Throwable cause) {
        if (cause instanceof PosixException posix) {
            return posix.errno();
        }
        if (cause instanceof NoSuchFileException) {
            return Errno.ENOENT;
        }
        if (cause instanceof AccessDeniedException) {
            return Errno.EACCES;
        }
        @Nullable String text = cause instanceof FileSystemException system ? system.getReason() : cause.getMessage();
        return text == null ? 0 : ERRNO_BY_TEXT.getOrDefault(text, 0);
    }

    private static BlockErrorKind kind(int errno) {
        return switch (errno) {
            case Errno.ENOSPC -> BlockErrorKind.NO_SPACE;
            case Errno.EDQUOT -> BlockErrorKind.QUOTA_EXCEEDED;
            case Errno.EFBIG -> BlockErrorKind.FILE_TOO_LARGE;
            case Errno.EROFS -> BlockErrorKind.READ_ONLY;
            case Errno.EACCES, Errno.EPERM -> BlockErrorKind.ACCESS_DENIED;
            case Errno.ENOENT -> BlockErrorKind.NOT_FOUND;
            case Errno.EINVAL -> BlockErrorKind.INVALID;
            case Errno.EOPNOTSUPP, Errno.ENOSYS, Errno.ENOTTY -> BlockErrorKind.UNSUPPORTED;
            case Errno.ENXIO -> BlockErrorKind.NO_DATA;
            case Errno.EBUSY, Errno.ETXTBSY -> BlockErrorKind.BUSY;
            case Errno.ENOMEM -> BlockErrorKind.NO_MEMORY;
            case Errno.ETIMEDOUT -> BlockErrorKind.TIMED_OUT;
            default -> BlockErrorKind.IO;
        };
    }

    private static Map<String, Integer> errnoByText() {
        Map<String, Integer> numbers = new HashMap<>();
        // EHWPOISON is the last that the C library has a text for.
        for (int errno = 1; errno <= 133; errno++) {
            numbers.putIfAbsent(Errno.text(errno), errno);
        }
        return Map.copyOf(numbers);
    }
}
