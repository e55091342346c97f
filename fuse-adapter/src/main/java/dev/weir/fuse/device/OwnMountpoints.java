package dev.weir.fuse.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The mountpoints that this process serves, whichever engine they belong to. A process must not touch its own mounts:
 * the call would wait for an answer that the caller, or a thread that it stops, has to give. So a path is compared with
 * this table before anything looks at it. Any thread; blocks on file systems of others.
 */
public final class OwnMountpoints {
    /** As many as the kernel follows before it reports ELOOP. */
    private static final int MAX_LINKS = 40;

    private static final Set<Path> CLAIMED = ConcurrentHashMap.newKeySet();

    private OwnMountpoints() {}

    /**
     * The one spelling of a path: absolute and without symbolic links. The file itself need not exist; it is not touched
     * where it is an own mountpoint.
     *
     * @throws FuseMountException where its directory does not exist or cannot be reached
     */
    public static Path canonical(Path path) {
        try {
            Path at = path;
            for (int links = 0; links <= MAX_LINKS; links++) {
                Path absolute = at.toAbsolutePath();
                Path parent = absolute.getParent();
                Path name = absolute.getFileName();
                if (parent == null
                        || name == null
                        || name.toString().equals("..")
                        || name.toString().equals(".")) {
                    return absolute.toRealPath();
                }
                Path directory = directory(parent);
                Path candidate = directory.resolve(name);
                // What something is mounted on is no link; and to ask a file system whose server hangs would hang, too.
                if (CLAIMED.contains(candidate)
                        || MountTable.topmost(candidate).isPresent()
                        || !Files.isSymbolicLink(candidate)) {
                    return candidate;
                }
                at = directory.resolve(Files.readSymbolicLink(candidate));
            }
            throw new FuseMountException("'" + path + "': too many levels of symbolic links");
        } catch (IOException e) {
            throw new FuseMountException("cannot reach '" + path + "': " + e.getMessage(), e);
        }
    }

    private static Path directory(Path parent) throws IOException {
        Path directory;
        try {
            directory = parent.toRealPath();
        } catch (java.nio.file.NoSuchFileException e) {
            throw new FuseMountException("no such directory: '" + parent + "'", e);
        }
        if (!Files.isDirectory(directory)) {
            throw new FuseMountException("not a directory: '" + parent + "'");
        }
        return directory;
    }

    /** Whether this process serves nothing. */
    public static boolean none() {
        return CLAIMED.isEmpty();
    }

    /** Whether a canonical path is served by this process. */
    public static boolean contains(Path canonical) {
        return CLAIMED.contains(canonical);
    }

    /**
     * Takes a mountpoint.
     *
     * @param canonical what {@link #canonical} returned
     * @throws FuseMountException where it is taken
     */
    static void claim(Path canonical, Path asGiven) {
        if (!CLAIMED.add(canonical)) {
            throw alreadyExported(asGiven);
        }
    }

    static void release(Path canonical) {
        CLAIMED.remove(canonical);
    }

    static FuseMountException alreadyExported(Path mountpoint) {
        return new FuseMountException("There already is a FUSE export on '" + mountpoint + "'");
    }
}
