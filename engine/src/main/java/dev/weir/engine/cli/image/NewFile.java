package dev.weir.engine.cli.image;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** The file of a new image. One that was created for it goes again where the image does not come about. */
public final class NewFile {
    private final Path path;
    private final boolean created;

    private NewFile(Path path, boolean created) {
        this.path = path;
        this.created = created;
    }

    /**
     * Creates an empty file, or takes the one that is there. Blocks.
     *
     * @param force whether one that has contents is taken too
     * @throws BlockException where it cannot be
     */
    public static NewFile at(Path path, boolean force) {
        try {
            Files.createFile(path);
            return new NewFile(path, true);
        } catch (FileAlreadyExistsException e) {
            return existing(path, force);
        } catch (NoSuchFileException e) {
            throw BlockException.of(
                    BlockErrorKind.NOT_FOUND, "Could not create '" + path + "': No such file or directory", e);
        } catch (IOException e) {
            throw BlockException.of(BlockErrorKind.ACCESS_DENIED, "Could not create '" + path + "': " + reason(e), e);
        }
    }

    private static String reason(IOException failure) {
        return failure instanceof FileSystemException named && named.getReason() != null
                ? named.getReason()
                : "Permission denied";
    }

    private static NewFile existing(Path path, boolean force) {
        try {
            // What is no file has contents, as far as anybody knows.
            if (!force && !(Files.isRegularFile(path) && Files.size(path) == 0)) {
                throw BlockException.of(
                        BlockErrorKind.INVALID, "'" + path + "' exists; --force overwrites what it contains");
            }
        } catch (IOException e) {
            throw BlockException.of(BlockErrorKind.ACCESS_DENIED, "Could not look at '" + path + "'", e);
        }
        return new NewFile(path, false);
    }

    /** Whether it was not there before, and so is empty. */
    public boolean created() {
        return created;
    }

    /** To be called when the image did not come about, and the file is closed. Blocks. */
    public void undo() {
        if (created) {
            try {
                Files.deleteIfExists(path);
            } catch (IOException e) {
                // The failure before is the one to tell; the file has no valid header.
            }
        }
    }
}
