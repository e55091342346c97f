package dev.weir.benchmarks;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.graph.BlockGraph;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** A raw node over a protocol node, written all over, and its backend. */
final class RawNode implements AutoCloseable {
    /** Length of the image in bytes. */
    static final long LENGTH = 64 << 20;

    private static final int CHUNK = 1 << 20;

    private final BlockGraph graph;
    private final BlockBackend backend;
    private final @Nullable Path image;

    private RawNode(BlockGraph graph, BlockBackend backend, @Nullable Path image) {
        this.graph = graph;
        this.backend = backend;
        this.image = image;
    }

    /**
     * Opens it.
     *
     * @param driver of the protocol node: {@code memory}, {@code null-co} or {@code file}
     * @param directory where an image file is made, which goes with the node
     */
    static RawNode open(String driver, Path directory) throws IOException {
        NodeOptions.Builder protocol = NodeOptions.driver(driver);
        Path image = null;
        if (driver.equals("file")) {
            image = Files.createTempFile(directory, "weir-benchmark-", ".raw");
            Files.write(image, new byte[(int) LENGTH]);
            protocol.set("filename", image.toString());
        } else {
            protocol.set("size", Long.toString(LENGTH));
        }
        BlockGraph graph = BlockGraph.builder().build();
        NodeOptions raw =
                NodeOptions.driver("raw").set("file", protocol.build()).build();
        BlockBackend backend = await(graph.add(raw).flatMap(node -> graph.attach(node, Permissions.WRITE)));
        ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK);
        for (long at = 0; at < LENGTH; at += CHUNK) {
            await(backend.write(at, chunk.clear(), WriteFlag.NONE).thenReturn(at));
        }
        return new RawNode(graph, backend, image);
    }

    BlockBackend backend() {
        return backend;
    }

    @Override
    public void close() throws IOException {
        await(backend.close().then(graph.close()).thenReturn(true));
        if (image != null) {
            Files.delete(image);
        }
    }

    private static <T> T await(Mono<T> mono) {
        return mono.toFuture().join();
    }
}
