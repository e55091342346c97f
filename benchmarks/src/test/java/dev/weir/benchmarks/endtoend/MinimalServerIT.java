package dev.weir.benchmarks.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That the yardstick serves what it says: a server that answers without doing its work would be a fast one. */
class MinimalServerIT {
    private static final Path MODULE = Path.of("").toAbsolutePath();
    private static final int SECONDS = 20;

    @TempDir
    Path directory;

    private final Clients clients = new Clients();
    private Stage stage;

    @BeforeEach
    void compile() throws Exception {
        assumeThat(MinimalServer.missing()).isEmpty();
        assumeThat(Path.of("/dev/fuse")).isReadable();
        MinimalServer.compile(MODULE, clients);
        stage = Stage.in(directory, 16);
    }

    @AfterEach
    void stop() throws Exception {
        if (stage != null) {
            stage.close();
        }
    }

    private void assertThatClientsReadAndWrite(Path image, Path mount) throws Exception {
        Path other = Files.copy(image, stage.path("other"));
        clients.run(List.of("dd", "if=/dev/urandom", "of=" + other, "bs=64k", "count=20", "conv=notrunc"), SECONDS);

        clients.run(List.of("cmp", image.toString(), mount.toString()), SECONDS);
        clients.run(List.of("dd", "if=" + other, "of=" + mount, "bs=1M", "conv=notrunc,fsync"), SECONDS);

        assertThat(Files.mismatch(image, other)).isEqualTo(-1);
        Files.delete(other);
    }

    @Test
    void servesAnImageWithTwoThreads() throws Exception {
        Path image = stage.fill("image", 2);
        var export = new Export(Export.Format.RAW, image, 2, false);

        Server server = MinimalServer.start(stage, "two", export, MinimalServer.program(MODULE), 2);

        assertThatClientsReadAndWrite(image, server.file());
    }

    @Test
    void servesManyImagesWithOneThread() throws Exception {
        List<Path> images = new ArrayList<>();
        List<Path> mounts = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            images.add(stage.fill("image" + i, 2));
            mounts.add(stage.mountFile("mount" + i));
        }

        stage.start(
                "many",
                mounts,
                stage.path("none"),
                MinimalServer.command(MinimalServer.program(MODULE), MinimalServer.EPOLL, 2, images, mounts),
                Map.of());

        for (int i = 0; i < images.size(); i++) {
            assertThatClientsReadAndWrite(images.get(i), mounts.get(i));
        }
    }

    @Test
    void hasNoStorageWhereThatIsWhatIsCompared() throws Exception {
        var export = new Export(Export.Format.NULL, stage.path("none"), 2, false);

        Server server = MinimalServer.start(stage, "null", export, MinimalServer.program(MODULE), 1);

        clients.run(List.of("cmp", "-n", "2097152", server.file().toString(), "/dev/zero"), SECONDS);
    }
}
