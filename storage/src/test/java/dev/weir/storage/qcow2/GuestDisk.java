package dev.weir.storage.qcow2;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.storage.spi.BlockDevice;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** An image that is open: a graph of its own with a node for each file, and a user of the disk. */
final class GuestDisk {
    /** What lies around the files: is given a name and a file, and says what the node is made of. */
    @FunctionalInterface
    interface Around extends BiFunction<String, BlockDevice, BlockDevice> {
        Around NOTHING = (name, device) -> device;
    }

    private final BlockGraph graph;
    private final BlockBackend backend;

    private GuestDisk(BlockGraph graph, BlockBackend backend) {
        this.graph = graph;
        this.backend = backend;
    }

    /** Opens it for writing. Nothing is left open when that fails. */
    static Mono<GuestDisk> open(TestImage image, Around around) {
        return open(image, around, Permissions.WRITE);
    }

    static Mono<GuestDisk> open(TestImage image, Around around, Permissions permissions) {
        return Mono.defer(() -> {
            BlockGraph graph = BlockGraph.builder().blockingThreads(2).build();
            boolean raw = image.shape().has("raw");
            boolean readOnly = !permissions.writes();
            NodeOptions.Builder options = NodeOptions.driver(raw ? "raw" : "qcow2")
                    .set("node-name", "disk")
                    .set("discard", "unmap");
            options.set("read-only", readOnly);
            for (String option : image.shape().value("open", "").split("\\+", -1)) {
                int equals = option.indexOf('=');
                if (equals > 0) {
                    options.set(option.substring(0, equals), option.substring(equals + 1));
                }
            }
            Mono<Void> files = add(graph, options, "file", around.apply("file", image.image()), readOnly);
            if (image.data() != null) {
                files = files.then(add(graph, options, "data-file", around.apply("data-file", image.data()), readOnly));
            }
            if (image.backing() != null) {
                files = files.then(add(graph, options, "backing", image.backing(), true));
            }
            return files.then(Mono.defer(() -> graph.add(options.build())))
                    .flatMap(node -> graph.attach(node, permissions))
                    .map(backend -> new GuestDisk(graph, backend))
                    .onErrorResume(failure -> graph.close().onErrorComplete().then(Mono.error(failure)));
        });
    }

    private static Mono<Void> add(
            BlockGraph graph,
            NodeOptions.Builder options,
            String name,
            @Nullable BlockDevice device,
            boolean readOnly) {
        options.set(name, NodeOptions.reference("node-" + name));
        NodeOptions node = NodeOptions.builder()
                .set("node-name", "node-" + name)
                .set("discard", "unmap")
                .set("read-only", readOnly)
                .build();
        return graph.add(node, Objects.requireNonNull(device)).then();
    }

    BlockBackend backend() {
        return backend;
    }

    BlockNode node() {
        return backend.node();
    }

    /** All bytes, read at once. */
    Mono<byte[]> contents() {
        return read(0, Math.toIntExact(backend.length()));
    }

    Mono<byte[]> read(long offset, int length) {
        return Mono.defer(() -> {
            ByteBuffer dst = ByteBuffer.allocateDirect(length);
            return backend.read(offset, dst).then(Mono.fromSupplier(() -> {
                byte[] bytes = new byte[length];
                dst.clear().get(bytes);
                return bytes;
            }));
        });
    }

    Mono<Void> close() {
        return graph.close();
    }
}
