package dev.weir.engine.cli;

import dev.weir.posix.Errno;
import dev.weir.posix.FileStatus;
import dev.weir.posix.OfdLock;
import dev.weir.posix.PosixException;
import dev.weir.posix.PosixFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The file that tells the process's id for as long as it lives: locked, so that two cannot have the same. */
final class Pidfile implements AutoCloseable {
    private static final int MODE = 0600;

    /** A file that changes with each try is no file to hold. */
    private static final int TRIES = 1000;

    private @Nullable Path path;
    private int fd = -1;

    /** Writes it; fails where another process holds it, whose file is not touched then. */
    void write(String name) throws DaemonStep.Failure {
        try {
            Path file = Path.of(name);
            fd = lock(name);
            // Its own name: the directory may be another by the end.
            path = file.toRealPath();
            PosixFile.ftruncate(fd, 0);
            byte[] pid = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
            PosixFile.pwrite(fd, ByteBuffer.allocateDirect(pid.length).put(pid).flip(), 0);
        } catch (PosixException e) {
            throw failure("Could not create '" + name + "': " + Errno.text(e.errno()), e);
        } catch (IOException | IllegalArgumentException e) {
            throw failure("Could not create '" + name + "': " + e.getMessage(), e);
        }
    }

    /** Whoever ends may remove the file before it is locked here: then what is locked is no longer what has the name. */
    private static int lock(String name) throws PosixException, DaemonStep.Failure {
        for (int i = 0; i < TRIES; i++) {
            int opened = PosixFile.open(name, PosixFile.O_CREAT | PosixFile.O_WRONLY | PosixFile.O_CLOEXEC, MODE);
            boolean held = false;
            try {
                if (!OfdLock.tryLock(opened, 0, 0, true)) {
                    throw failure("Cannot lock pid file: Resource temporarily unavailable", null);
                }
                held = hasName(opened, name);
            } finally {
                if (!held) {
                    PosixFile.close(opened);
                }
            }
            if (held) {
                return opened;
            }
        }
        throw failure("Cannot lock pid file: it is made anew again and again", null);
    }

    /** Compared with the file while that is open: a number is given to another file as soon as nobody has it. */
    private static boolean hasName(int opened, String name) throws PosixException {
        FileStatus file = FileStatus.of(opened);
        try {
            FileStatus named = FileStatus.of(name);
            return named.device() == file.device() && named.inode() == file.inode();
        } catch (PosixException e) {
            if (e.errno() == Errno.ENOENT) {
                return false;
            }
            throw e;
        }
    }

    private static DaemonStep.Failure failure(String reason, @Nullable Exception cause) {
        return new DaemonStep.Failure(
                "cannot create PID file: " + reason, cause == null ? new IOException(reason) : cause);
    }

    /** Removes it, if it is a file (not /dev/null, say), ours, and still has the name. */
    @Override
    public void close() throws IOException {
        if (fd < 0) {
            return;
        }
        try {
            Path file = path;
            if (file != null && FileStatus.of(fd).isRegular() && hasName(fd, file.toString())) {
                Files.deleteIfExists(file);
            }
        } finally {
            PosixFile.close(fd);
            fd = -1;
        }
    }
}
