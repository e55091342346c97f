package dev.weir.engine.cli;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The file that tells the process's id for as long as it lives: locked, so that two cannot have the same. */
final class Pidfile implements AutoCloseable {
    private @Nullable Path path;
    private @Nullable FileChannel channel;

    /** Writes it; fails where another process holds it, whose file is not touched then. */
    void write(String name) throws DaemonStep.Failure {
        try {
            Path file = Path.of(name);
            FileChannel opened = lock(file);
            opened.truncate(0);
            opened.write(
                    StandardCharsets.US_ASCII.encode(ProcessHandle.current().pid() + "\n"));
            // Its own name: the directory may be another by the end.
            path = file.toRealPath();
        } catch (OverlappingFileLockException e) {
            throw failure("Cannot lock pid file: Resource temporarily unavailable", e);
        } catch (NoSuchFileException e) {
            throw failure("Could not create '" + name + "': No such file or directory", e);
        } catch (FileSystemException e) {
            throw failure("Could not create '" + name + "': " + e.getReason(), e);
        } catch (IOException | IllegalArgumentException e) {
            throw failure("Could not create '" + name + "': " + e.getMessage(), e);
        }
    }

    /** The one whose end removes the file may be at it: what is locked then is no longer what has the name. */
    private FileChannel lock(Path file) throws IOException, DaemonStep.Failure {
        while (true) {
            Object before = key(file);
            FileChannel opened = FileChannel.open(
                    file,
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            channel = opened;
            if (opened.tryLock() == null) {
                throw failure("Cannot lock pid file: Resource temporarily unavailable", null);
            }
            if (before != null && before.equals(key(file))) {
                return opened;
            }
            opened.close();
        }
    }

    private static @Nullable Object key(Path file) throws IOException {
        try {
            return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    private static DaemonStep.Failure failure(String reason, @Nullable Exception cause) {
        return new DaemonStep.Failure(
                "cannot create PID file: " + reason, cause == null ? new IOException(reason) : cause);
    }

    /** Removes it, if it is ours. */
    @Override
    public void close() throws IOException {
        Path file = path;
        if (file != null) {
            Files.deleteIfExists(file);
        }
        if (channel != null) {
            channel.close();
        }
    }
}
