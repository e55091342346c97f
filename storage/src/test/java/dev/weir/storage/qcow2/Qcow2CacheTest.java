package dev.weir.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.graph.BlockGraph;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A refcount cache of four blocks, each for 32 KiB of the file. */
class Qcow2CacheTest {
    private static final Duration DEADLINE = Duration.ofSeconds(20);
    private static final int SIZE = 2 << 20;

    @TempDir
    private Path dir;

    @Test
    void moreRefcountBlocksAreChangedBetweenTwoFlushesThanTheCacheHolds() throws Exception {
        ImageFiles files = files();
        BlockGraph graph = BlockGraph.builder().build();
        try {
            write(image(graph, files));
        } finally {
            graph.close().block(DEADLINE);
        }
        files.qemuImg("check", "a.qcow2");
    }

    @Test
    void moreIsFreedAtOnceThanTheRefcountCacheHolds() throws Exception {
        ImageFiles files = files();
        BlockGraph graph = BlockGraph.builder().build();
        try {
            BlockBackend image = image(graph, files);
            write(image);
            image.flush().block(DEADLINE);

            image.discard(0, SIZE).block(DEADLINE);
            image.flush().block(DEADLINE);

            assertThat(image.allocatedBytes().block(DEADLINE)).isLessThan(SIZE / 2);
        } finally {
            graph.close().block(DEADLINE);
        }
        files.qemuImg("check", "a.qcow2");
    }

    private ImageFiles files() throws Exception {
        ImageFiles.assumeQemu();
        ImageFiles files = new ImageFiles(dir);
        files.qemuImg("create", "-q", "-f", "qcow2", "-o", "cluster_size=512,refcount_bits=64", "a.qcow2", "4M");
        return files;
    }

    private static void write(BlockBackend image) {
        for (int at = 0; at < SIZE; at += 64 << 10) {
            ByteBuffer bytes = ByteBuffer.allocateDirect(64 << 10);
            while (bytes.hasRemaining()) {
                bytes.put((byte) 1);
            }
            image.write(at, bytes.flip(), WriteFlag.NONE).block(DEADLINE);
        }
    }

    private static BlockBackend image(BlockGraph graph, ImageFiles files) {
        NodeOptions file = NodeOptions.driver("file")
                .set("filename", files.path("a.qcow2").toString())
                .set("discard", "unmap")
                .build();
        NodeOptions options = NodeOptions.driver("qcow2")
                .set("file", file)
                .set("discard", "unmap")
                .set("refcount-cache-size", 2048)
                .build();
        return Objects.requireNonNull(graph.add(options)
                .flatMap(node -> graph.attach(node, Permissions.WRITE))
                .block(DEADLINE));
    }
}
