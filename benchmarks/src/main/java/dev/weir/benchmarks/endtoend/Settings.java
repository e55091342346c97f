package dev.weir.benchmarks.endtoend;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where things are.
 *
 * @param launcher Weir's
 * @param peers root folder of qemu-storage-daemon, with /dev and /proc in it
 */
record Settings(Path launcher, Path peers) {
    /** The directory of the root folder that is in memory. */
    private static final String BENCH = "mnt/bench";

    private static final Path SHARED_MEMORY = Path.of("/dev/shm");

    boolean hasPeers() {
        return Files.isExecutable(peers.resolve("usr/bin/qemu-storage-daemon"));
    }

    /** Where images are put when nothing else was asked for: in memory, and where all peers see them. */
    Path memory() {
        Path bench = peers.resolve(BENCH);
        return hasPeers() && Files.isWritable(bench) ? bench : SHARED_MEMORY;
    }

    /** How a path is called inside of the root folder. */
    Path insidePeers(Path path) throws ComparisonException {
        if (!path.startsWith(peers)) {
            throw new ComparisonException("qsd sees nothing outside of " + peers + ": leave --directory out");
        }
        return Path.of("/").resolve(peers.relativize(path));
    }
}
