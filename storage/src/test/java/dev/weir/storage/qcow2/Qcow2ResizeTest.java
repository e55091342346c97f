package dev.weir.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.graph.BlockGraph;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Qcow2ResizeTest {
    private static final Duration DEADLINE = Duration.ofSeconds(20);

    @TempDir
    private Path dir;

    private ImageFiles files;

    @BeforeEach
    void files() {
        ImageFiles.assumeQemu();
        files = new ImageFiles(dir);
    }

    @Test
    void anImageWithoutAnL1TableGrows() throws Exception {
        files.qemuImg("create", "-q", "-f", "qcow2", "a.qcow2", "0");

        use(driver("a.qcow2"), image -> truncate(image, 1 << 20, PreallocMode.OFF));

        files.qemuImg("check", "a.qcow2");
        use(driver("a.qcow2"), image -> truncate(image, 2L << 40, PreallocMode.OFF));
        files.qemuImg("check", "a.qcow2");
    }

    @Test
    void anImageOfManyTablesShrinks() throws Exception {
        files.qemuImg("create", "-q", "-f", "qcow2", "-o", "cluster_size=512", "a.qcow2", "8G");

        use(driver("a.qcow2"), image -> {
            truncate(image, 1 << 20, PreallocMode.OFF);
            assertThat(image.length()).isEqualTo(1 << 20);
        });

        files.qemuImg("check", "a.qcow2");
    }

    @Test
    void manyTablesArePreallocated() throws Exception {
        files.qemuImg("create", "-q", "-f", "qcow2", "-o", "cluster_size=512", "a.qcow2", "0");

        use(driver("a.qcow2"), image -> truncate(image, 64 << 20, PreallocMode.METADATA));

        files.qemuImg("check", "a.qcow2");
    }

    @Test
    void largeClustersArePreallocatedInFull() throws Exception {
        files.qemuImg("create", "-q", "-f", "qcow2", "-o", "cluster_size=2M", "a.qcow2", "0");

        use(driver("a.qcow2"), image -> truncate(image, 384 << 20, PreallocMode.FULL));

        files.qemuImg("check", "a.qcow2");
    }

    @Test
    void preallocationKeepsWhatTheLastPartialClusterHasOfTheBackingFile() throws Exception {
        int size = 129 * 512;
        byte[] bytes = new byte[size];
        Arrays.fill(bytes, (byte) 7);
        Files.write(files.path("base.raw"), bytes);
        files.qemuImg("create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", "a.qcow2");

        use(
                driver("a.qcow2").set("backing", file("base.raw", "raw")),
                image -> truncate(image, 1 << 20, PreallocMode.METADATA));

        files.qemuImg("check", "a.qcow2");
        Files.write(files.path("expected.raw"), Arrays.copyOf(bytes, 1 << 20));
        files.qemuImg("compare", "-f", "raw", "-F", "qcow2", "expected.raw", "a.qcow2");
    }

    @Test
    void anImageGrowsWhoseLastPartialClusterIsCompressed() throws Exception {
        byte[] bytes = new byte[(1 << 20) - 30 * 1024];
        Arrays.fill(bytes, (byte) 7);
        Files.write(files.path("base.raw"), bytes);
        files.qemuImg("convert", "-c", "-f", "raw", "-O", "qcow2", "-o", "extended_l2=on", "base.raw", "a.qcow2");

        use(driver("a.qcow2"), image -> truncate(image, 2 << 20, PreallocMode.OFF));

        files.qemuImg("check", "a.qcow2");
        Files.write(files.path("expected.raw"), Arrays.copyOf(bytes, 2 << 20));
        files.qemuImg("compare", "-f", "raw", "-F", "qcow2", "expected.raw", "a.qcow2");
    }

    private static void truncate(BlockBackend image, long length, PreallocMode mode) {
        image.truncate(length, mode).block(DEADLINE);
    }

    private NodeOptions file(String name, String driver) {
        return NodeOptions.driver(driver).set("file", file(name)).build();
    }

    private NodeOptions file(String name) {
        return NodeOptions.driver("file")
                .set("filename", files.path(name).toString())
                .build();
    }

    private NodeOptions.Builder driver(String name) {
        return NodeOptions.driver("qcow2").set("file", file(name));
    }

    private static void use(NodeOptions.Builder options, Consumer<BlockBackend> action) {
        BlockGraph graph = BlockGraph.builder().build();
        try {
            action.accept(Objects.requireNonNull(graph.add(options.build())
                    .flatMap(node -> graph.attach(node, Permissions.WRITE))
                    .block(DEADLINE)));
        } finally {
            graph.close().block(DEADLINE);
        }
    }

    @Test
    void whatIsWrittenInPlaceBeyondTheEndOfTheFileStays() throws Exception {
        files.qemuImg("create", "-q", "-f", "qcow2", "-o", "preallocation=metadata", "a.qcow2", "1M");
        try (var channel =
                java.nio.channels.FileChannel.open(files.path("a.qcow2"), java.nio.file.StandardOpenOption.WRITE)) {
            channel.truncate(5 << 16);
        }
        ByteBuffer bytes = ByteBuffer.allocateDirect(4096);
        while (bytes.hasRemaining()) {
            bytes.put((byte) 9);
        }

        use(
                driver("a.qcow2"),
                image ->
                        image.write(512 << 10, bytes.flip(), java.util.Set.of()).block(DEADLINE));

        byte[] expected = new byte[1 << 20];
        Arrays.fill(expected, 512 << 10, (512 << 10) + 4096, (byte) 9);
        Files.write(files.path("expected.raw"), expected);
        files.qemuImg("compare", "-f", "raw", "-F", "qcow2", "expected.raw", "a.qcow2");
    }
}
