package dev.weir.benchmarks.endtoend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** A process that serves mounts. */
final class Server {
    private static final int START_SECONDS = 60;
    private static final int STOP_SECONDS = 20;
    private static final int POLL_MILLIS = 20;
    private static final int UNMOUNT_SECONDS = 10;

    private final String name;
    private final List<Path> mountpoints;
    private final Path file;
    private final Process process;

    private Server(String name, List<Path> mountpoints, Path file, Process process) {
        this.name = name;
        this.mountpoints = mountpoints;
        this.file = file;
        this.process = process;
    }

    /**
     * Starts it, without waiting for anything.
     *
     * @param mountpoints all of them
     * @param file what clients open, or the directory of that
     */
    static Server start(
            String name, List<Path> mountpoints, Path file, List<String> command, Map<String, String> environment)
            throws IOException {
        var builder = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().putAll(environment);
        return new Server(name, List.copyOf(mountpoints), file, builder.start());
    }

    /** Waits until it has mounted everything. */
    void awaitMounts() throws IOException, InterruptedException, ComparisonException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (mounted().size() < mountpoints.size()) {
            if (process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                throw new ComparisonException(name + " ended with status " + process.exitValue());
            }
            if (System.nanoTime() > end) {
                throw new ComparisonException(name + " did not mount in " + START_SECONDS + " s");
            }
        }
    }

    String name() {
        return name;
    }

    Path file() {
        return file;
    }

    /** User and system time of all of its threads so far, in microseconds. */
    double cpuMicros() throws IOException {
        return ProcessStatus.cpuMicros(Files.readString(proc("stat")));
    }

    /** Memory that is resident. */
    long residentBytes() throws IOException {
        return ProcessStatus.residentBytes(Files.readString(proc("status")));
    }

    private Path proc(String file) {
        return Path.of("/proc", String.valueOf(process.pid()), file);
    }

    /** Asks it to end, and takes stronger means where that does not help. Idempotent. */
    void stop() throws IOException, InterruptedException {
        process.destroy();
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        for (Path mountpoint : mounted()) {
            unmount(mountpoint);
        }
    }

    /** Its process is gone, and with it the connection: nobody waits for anything, so it cannot hang. */
    private static void unmount(Path mountpoint) throws IOException, InterruptedException {
        List<String> command = "root".equals(System.getProperty("user.name"))
                ? List.of("umount", "-l", mountpoint.toString())
                : List.of("fusermount3", "-u", "-z", mountpoint.toString());
        Process unmount = new ProcessBuilder(command).inheritIO().start();
        if (!unmount.waitFor(UNMOUNT_SECONDS, TimeUnit.SECONDS)) {
            unmount.destroyForcibly();
        }
    }

    /** Asks the mount table, not the mounts. */
    private List<Path> mounted() throws IOException {
        var places = Files.readAllLines(Path.of("/proc/self/mounts")).stream()
                .map(line -> line.split(" ")[1])
                .collect(Collectors.toSet());
        List<Path> mounted = new ArrayList<>();
        for (Path mountpoint : mountpoints) {
            if (places.contains(mountpoint.toString())) {
                mounted.add(mountpoint);
            }
        }
        return mounted;
    }
}
