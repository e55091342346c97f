package dev.weir.benchmarks.endtoend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A process that serves one mount. */
final class Server {
    private static final int START_SECONDS = 20;
    private static final int STOP_SECONDS = 20;
    private static final int POLL_MILLIS = 50;

    private final String name;
    private final Path mountpoint;
    private final Path file;
    private final Process process;

    private Server(String name, Path mountpoint, Path file, Process process) {
        this.name = name;
        this.mountpoint = mountpoint;
        this.file = file;
        this.process = process;
    }

    /**
     * Starts it and waits until it has mounted.
     *
     * @param file what clients open
     */
    static Server start(String name, Path mountpoint, Path file, List<String> command)
            throws IOException, InterruptedException, ComparisonException {
        var server = new Server(
                name, mountpoint, file, new ProcessBuilder(command).inheritIO().start());
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (!server.mounted()) {
            if (server.process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                throw new ComparisonException(name + " ended with status " + server.process.exitValue());
            }
            if (System.nanoTime() > end) {
                server.stop();
                throw new ComparisonException(name + " mounted nothing in " + START_SECONDS + " s");
            }
        }
        return server;
    }

    String name() {
        return name;
    }

    Path file() {
        return file;
    }

    /** Asks it to end, and takes stronger means where that does not help. */
    void stop() throws IOException, InterruptedException {
        process.destroy();
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        if (mounted()) {
            unmount();
        }
    }

    /** Its process is gone, and with it the connection: nobody waits for anything, so it cannot hang. */
    private void unmount() throws IOException, InterruptedException {
        List<String> command = "root".equals(System.getProperty("user.name"))
                ? List.of("umount", "-l", mountpoint.toString())
                : List.of("fusermount3", "-u", "-z", mountpoint.toString());
        new ProcessBuilder(command).inheritIO().start().waitFor();
    }

    /** Asks the mount table, not the mount. */
    private boolean mounted() throws IOException {
        String place = " " + mountpoint + " ";
        return Files.readAllLines(Path.of("/proc/self/mounts")).stream().anyMatch(line -> line.contains(place));
    }
}
