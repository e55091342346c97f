package dev.weir.engine.socket;

import dev.weir.posix.PosixProcess;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.function.Supplier;

/** A socket at a path that nobody but its owner may connect to, not for a moment. */
public final class OwnerOnlySocket {
    private static final int OWNER_ONLY = 0177;

    /** S_IFMT and S_IFSOCK of inode(7). */
    private static final int TYPE = 0170000;

    private static final int SOCKET = 0140000;

    private OwnerOnlySocket() {}

    /**
     * Binds in the place of a socket that an earlier process left behind. Netty unlinks whatever is at the path, so that
     * anything else that is there is refused here.
     *
     * @param bind returns when the socket is bound, or is not: the mask is the whole process's, and is set back then
     * @throws BlockException of kind {@link BlockErrorKind#INVALID} where something else is at the path
     */
    public static <T> T bind(Path path, Supplier<T> bind) {
        if (Files.exists(path, LinkOption.NOFOLLOW_LINKS) && !isSocket(path)) {
            throw BlockException.of(
                    BlockErrorKind.INVALID,
                    "Failed to bind socket to " + path + ": there is something else than a socket");
        }
        int before = PosixProcess.umask(OWNER_ONLY);
        try {
            return bind.get();
        } finally {
            PosixProcess.umask(before);
        }
    }

    private static boolean isSocket(Path path) {
        try {
            int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
            return (mode & TYPE) == SOCKET;
        } catch (IOException e) {
            // What cannot be looked at is not to be removed.
            return false;
        }
    }
}
