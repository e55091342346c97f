package dev.weir.engine.cli;

import dev.weir.fuse.device.FuseMounter;
import dev.weir.fuse.device.MountTable;
import dev.weir.fuse.device.OwnMountpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** The file that an export is mounted on, made for it where there was none. */
final class MountpointFile {
    private final Path path;
    private final boolean created;

    private MountpointFile(Path path, boolean created) {
        this.path = path;
        this.created = created;
    }

    /** Takes away a dead mount, because the image may lie below it, and creates the file where nothing is. */
    static MountpointFile prepare(Path path) throws IOException {
        FuseMounter.forThisProcess().recover(path);
        if (Files.exists(path) || Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return new MountpointFile(path, false);
        }
        Files.createFile(path);
        return new MountpointFile(path, true);
    }

    /** Removes what {@link #prepare} created, if it is still the empty file that it was, and nobody mounted there again. */
    void removeIfCreated() throws IOException {
        if (created
                && MountTable.topmost(OwnMountpoints.canonical(path)).isEmpty()
                && Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
                && Files.size(path) == 0) {
            Files.deleteIfExists(path);
        }
    }
}
