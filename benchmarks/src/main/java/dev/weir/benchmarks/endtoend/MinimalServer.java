package dev.weir.benchmarks.endtoend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The yardstick: a server in C that only receives requests, copies and answers ({@code src/main/c/minimal.c}). Targets that it
 * misses are beyond a server that makes a system call for each step of each request; one that answers several together, or
 * from a mapping, can do better.
 */
final class MinimalServer {
    /** One thread for all mounts, instead of a number of threads for one. */
    static final String EPOLL = "epoll";

    private static final String NO_STORAGE = "null";
    private static final String SOURCE = "src/main/c/minimal.c";
    private static final String PROGRAM = "target/minimal";
    private static final List<Path> HEADERS =
            List.of(Path.of("/usr/include/linux/fuse.h"), Path.of("/usr/include/stdio.h"));
    private static final int COMPILE_SECONDS = 60;

    private MinimalServer() {}

    /** What is missing here, for people; empty if nothing is. */
    static String missing() {
        if (!"root".equals(System.getProperty("user.name"))) {
            return "root, for mount(2)";
        }
        return Places.onPath("cc") && HEADERS.stream().allMatch(Files::exists)
                ? ""
                : "a C compiler and headers of the kernel (apt-get install gcc libc6-dev)";
    }

    /** Where it is, or will be. */
    static Path program(Path benchmarks) {
        return benchmarks.toAbsolutePath().resolve(PROGRAM);
    }

    /**
     * Compiles it.
     *
     * @param benchmarks the module
     * @throws ComparisonException where it cannot be compiled
     */
    static void compile(Path benchmarks, Clients clients)
            throws IOException, InterruptedException, ComparisonException {
        String missing = missing();
        if (!missing.isEmpty()) {
            throw new ComparisonException("the minimal server needs " + missing);
        }
        Path program = program(benchmarks);
        Files.createDirectories(program.getParent());
        clients.run(
                List.of(
                        "cc",
                        "-std=gnu11",
                        "-O2",
                        "-Wall",
                        "-Wextra",
                        "-pthread",
                        "-o",
                        program.toString(),
                        benchmarks.resolve(SOURCE).toString()),
                COMPILE_SECONDS);
    }

    /**
     * Serves images.
     *
     * @param threads a number, or {@link #EPOLL}
     * @param megabytes that each mount shows
     * @param images raw ones
     * @param mountpoints files, one for each image
     */
    static List<String> command(
            Path program, String threads, int megabytes, List<Path> images, List<Path> mountpoints) {
        List<String> command = new ArrayList<>(List.of(program.toString(), threads, String.valueOf(megabytes)));
        for (int i = 0; i < images.size(); i++) {
            command.add(images.get(i).toString());
            command.add(mountpoints.get(i).toString());
        }
        return command;
    }

    /** Starts it with one mount. */
    static Server start(Stage stage, String name, Export export, Path program, int threads)
            throws IOException, InterruptedException, ComparisonException {
        Path mount = stage.mountFile(name);
        Path image = export.format() == Export.Format.NULL ? Path.of(NO_STORAGE) : export.image();
        List<Path> mountpoints = List.of(mount);
        List<String> command =
                command(program, String.valueOf(threads), export.megabytes(), List.of(image), mountpoints);
        return stage.start(name, mountpoints, mount, command, Map.of());
    }
}
