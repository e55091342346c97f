package dev.weir.engine.cli;

import dev.weir.fuse.device.FuseMountException;
import dev.weir.fuse.device.FuseMounter;
import dev.weir.fuse.device.MountTable;
import dev.weir.fuse.device.OwnMountpoints;
import dev.weir.posix.Errno;
import dev.weir.posix.PosixException;
import dev.weir.posix.PosixFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** The file that an export is mounted on, made for it where there was none. */
final class MountpointFile {
    private static final int MODE = 0600;

    private final Path path;
    private boolean created;

    MountpointFile(Path path) {
        this.path = path;
    }

    /**
     * Takes away the dead mount of a process that was killed: the image may lie below it.
     *
     * @throws FuseMountException where a FUSE file system that lives is mounted there, or the directory is not there
     */
    void recover() {
        FuseMounter.forThisProcess().recover(path);
    }

    /** Creates the file where nothing is; neither follows nor replaces a symbolic link. */
    void create() {
        try {
            PosixFile.close(
                    PosixFile.open(path.toString(), PosixFile.O_WRONLY | PosixFile.O_CREAT | PosixFile.O_EXCL, MODE));
            created = true;
        } catch (PosixException e) {
            if (e.errno() != Errno.EEXIST) {
                throw new FuseMountException("cannot create '" + path + "': " + Errno.text(e.errno()), e);
            }
        }
    }

    /** Removes what {@link #create} created, if it is still the empty file that it was, and nobody mounted there again. */
    void removeIfCreated() throws IOException {
        if (created
                && MountTable.topmost(OwnMountpoints.canonical(path)).isEmpty()
                && Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
                && Files.size(path) == 0) {
            Files.deleteIfExists(path);
        }
    }
}
