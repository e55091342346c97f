package dev.weir.benchmarks.endtoend;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * The directory in which images and mountpoints of one suite are, and the servers that run there. The methods exclude each
 * other: while one waits for a server, another thread that closes waits, too.
 */
final class Stage implements AutoCloseable {
    private static final int MEGABYTE = 1 << 20;

    private final Path directory;
    private final List<Server> servers = new ArrayList<>();
    private boolean closed;

    private Stage(Path directory) {
        this.directory = directory;
    }

    /**
     * A fresh directory below {@code parent}.
     *
     * @param megabytes that will be written to it
     */
    static Stage in(Path parent, long megabytes) throws IOException, ComparisonException {
        if (!Files.isDirectory(parent) || !Files.isWritable(parent)) {
            throw new ComparisonException("cannot write to " + parent);
        }
        long free = Files.getFileStore(parent).getUsableSpace() / MEGABYTE;
        if (free < megabytes) {
            throw new ComparisonException(parent + " has " + free + " MiB left of " + megabytes + " that are needed");
        }
        return new Stage(Files.createTempDirectory(parent, "weir-comparison-").toRealPath());
    }

    /** A path in it. */
    Path path(String name) {
        return directory.resolve(name);
    }

    /** A file without holes. */
    Path fill(String name, int megabytes) throws IOException {
        Path image = path(name);
        byte[] bytes = new byte[MEGABYTE];
        var random = new Random(1);
        try (var out = Files.newOutputStream(image)) {
            for (int i = 0; i < megabytes; i++) {
                random.nextBytes(bytes);
                out.write(bytes);
            }
        }
        return image;
    }

    /** A file to mount on, anew for each server that has this name. */
    Path mountFile(String name) throws IOException {
        Path mount = path(name + ".mnt");
        Files.deleteIfExists(mount);
        return Files.createFile(mount);
    }

    Path mountDirectory(String name) throws IOException {
        return Files.createDirectories(path(name + ".mnt"));
    }

    /** Starts a server, waits until it has mounted, and stops it at the end at the latest. */
    Server start(String name, List<Path> mountpoints, Path file, List<String> command, Map<String, String> environment)
            throws IOException, InterruptedException, ComparisonException {
        Server server;
        synchronized (this) {
            if (closed) {
                throw new ComparisonException("interrupted");
            }
            server = Server.start(name, mountpoints, file, command, environment);
            servers.add(server);
        }
        server.awaitMounts();
        return server;
    }

    /** Stops one server before the others. */
    synchronized void stop(Server server) throws IOException, InterruptedException {
        server.stop();
        servers.remove(server);
    }

    /** Stops the servers and removes what was made. Idempotent. */
    @Override
    public synchronized void close() throws IOException {
        closed = true;
        try {
            for (Server server : servers) {
                server.stop();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while servers were stopped in " + directory, e);
        }
        servers.clear();
        if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
            deleteAll();
        }
    }

    private void deleteAll() throws IOException {
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure) throws IOException {
                Files.delete(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
