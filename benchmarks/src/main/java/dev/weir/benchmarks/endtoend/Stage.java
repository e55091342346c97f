package dev.weir.benchmarks.endtoend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** The directory in which images and mountpoints of one comparison are, and the servers that run there. */
final class Stage {
    private static final int MEGABYTE = 1 << 20;

    private final Path directory;
    private final int megabytes;
    private final List<Server> servers = new ArrayList<>();

    private Stage(Path directory, int megabytes) {
        this.directory = directory;
        this.megabytes = megabytes;
    }

    /** A fresh directory below {@code parent}. */
    static Stage in(Path parent, int megabytes) throws IOException {
        return new Stage(Files.createTempDirectory(parent, "weir-comparison-").toRealPath(), megabytes);
    }

    /** An image without holes, for one server. */
    Path image(String name) throws IOException {
        Path image = directory.resolve(name + ".raw");
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

    Path mountFile(String name) throws IOException {
        return Files.createFile(directory.resolve(name + ".mnt"));
    }

    Path mountDirectory(String name) throws IOException {
        return Files.createDirectory(directory.resolve(name + ".mnt"));
    }

    /** The server is stopped when the stage is closed. */
    Server started(Server server) {
        servers.add(server);
        return server;
    }

    /** Stops the servers and removes what was made. Idempotent. */
    synchronized void close() throws IOException, InterruptedException {
        for (Server server : servers) {
            server.stop();
        }
        servers.clear();
        if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (var entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                Files.delete(entry);
            }
        }
        Files.delete(directory);
    }
}
