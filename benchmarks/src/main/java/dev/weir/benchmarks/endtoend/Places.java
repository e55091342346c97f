package dev.weir.benchmarks.endtoend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where things are.
 *
 * @param launcher Weir's
 * @param peers root folder in which QEMU and fio are; null where those of the PATH are used
 * @param memory directory in memory
 * @param disk directory on a disk
 * @param minimal the minimal server, where that takes part
 */
record Places(Path launcher, @Nullable Path peers, Path memory, Path disk, Path minimal) {
    /** The directory of a root folder that is in memory, and the one that is on the disk. */
    private static final String PEERS_MEMORY = "mnt/bench";

    private static final String PEERS_DISK = "var/tmp";

    private static final String DAEMON = "qemu-storage-daemon";

    /**
     * Those of a root folder or of this system.
     *
     * @throws ComparisonException where they cannot be used
     */
    static Places find(Path launcher, @Nullable Path peers, @Nullable Path memory, @Nullable Path disk, Path minimal)
            throws IOException, ComparisonException {
        if (!Files.isExecutable(launcher)) {
            throw new ComparisonException("no launcher at " + launcher + "; name it with --weir");
        }
        if (peers == null) {
            return new Places(
                    launcher,
                    null,
                    (memory == null ? Path.of("/dev/shm") : memory).toRealPath(),
                    (disk == null ? Path.of("/var/tmp") : disk).toRealPath(),
                    minimal);
        }
        if (!"root".equals(System.getProperty("user.name"))) {
            throw new ComparisonException("--peers needs root, in every suite, for chroot(8) and its mounts;"
                    + " without --peers, an ordinary user compares with what is on the PATH");
        }
        if (!Files.isDirectory(peers)) {
            throw new ComparisonException(
                    "there is no root folder " + peers + "; benchmarks/README.md says how to make it");
        }
        Path root = peers.toRealPath();
        var places = new Places(
                launcher,
                root,
                memory == null ? root.resolve(PEERS_MEMORY) : memory.toRealPath(),
                disk == null ? root.resolve(PEERS_DISK) : disk.toRealPath(),
                minimal);
        places.checkPeers(root);
        return places;
    }

    private void checkPeers(Path root) throws ComparisonException {
        for (String file : List.of("usr/bin/" + DAEMON, "usr/bin/qemu-img", "usr/bin/fio", "dev/fuse", "proc/self")) {
            if (!Files.exists(root.resolve(file))) {
                throw new ComparisonException(
                        "there is no " + file + " in " + root
                                + "; benchmarks/README.md says how to make the root folder, and what to mount in it after a reboot");
            }
        }
        for (Path directory : List.of(memory, disk)) {
            inside(directory);
        }
    }

    /** Whether qemu-storage-daemon is here. */
    boolean hasQemu() {
        return peers != null || onPath(DAEMON);
    }

    /** A command of the peers. */
    List<String> command(String program, String... arguments) {
        List<String> command = new ArrayList<>(peers == null ? List.of() : List.of("chroot", peers.toString()));
        command.add(program);
        command.addAll(List.of(arguments));
        return command;
    }

    /** How the peers call a path. */
    String inside(Path path) throws ComparisonException {
        if (peers == null) {
            return path.toString();
        }
        if (!path.startsWith(peers)) {
            throw new ComparisonException("the peers in " + peers + " see nothing outside of it, such as " + path);
        }
        return "/" + peers.relativize(path);
    }

    static boolean onPath(String program) {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
                .anyMatch(entry -> Files.isExecutable(Path.of(entry, program)));
    }
}
