package dev.weir.engine.cli.image;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockIo;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.storage.image.ImageFormat;
import dev.weir.storage.image.ImageMagic;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Images and their files, open until it is closed. */
public final class ImageAccess {
    public static final String RAW = "raw";
    private static final int SECTOR = 512;

    private final BlockGraph graph;
    private final ImageChain chain;
    private final boolean forceShare;

    /**
     * @param follow whether images may open the files that they name: backing files and data files
     * @param forceShare whether what is only read is read without locks
     */
    public ImageAccess(boolean follow, boolean forceShare) {
        this.graph = BlockGraph.builder().build();
        this.chain = new ImageChain(graph, follow, file -> fileOptions(file).build());
        this.forceShare = forceShare;
    }

    /** The bytes of a file, whatever they mean. */
    public Mono<BlockBackend> file(Path file, boolean writable) {
        return open(common(fileOptions(file), writable).build(), writable);
    }

    /** What an image shows. */
    public Mono<BlockBackend> image(Path file, String format, boolean writable) {
        return chain.describe(file, format)
                .flatMap(node -> open(common(node, writable).build(), writable));
    }

    /** What can be done with images of a format; empty for raw. */
    public Optional<ImageFormat> format(String name) {
        return ImageChain.format(graph, name);
    }

    /**
     * The format to take an image for: the one that the user named, or else raw. An image that begins like one of another
     * format needs a name, because whoever may write a raw image can make it begin so.
     */
    public Mono<String> requireFormat(Path file, @Nullable String named) {
        return named != null
                ? Mono.just(named)
                : detect(file).map(found -> {
                    if (graph.imageFormat(found).isPresent()) {
                        throw BlockException.of(
                                BlockErrorKind.INVALID,
                                "'" + file + "' begins like a " + found + " image; name its format: -f " + found
                                        + " where you know that it is one, or else -f raw");
                    }
                    return RAW;
                });
    }

    /** The format as which an image begins. To be used for looking only. */
    public Mono<String> detect(Path file) {
        return file(file, false)
                .flatMap(backend ->
                        detect(backend).flatMap(format -> backend.close().thenReturn(format)));
    }

    /** As {@link #detect(Path)}. */
    public static Mono<String> detect(BlockIo file) {
        ByteBuffer sector = ByteBuffer.allocateDirect((int) Math.min(SECTOR, file.length()));
        if (!sector.hasRemaining()) {
            return Mono.just(RAW);
        }
        return file.read(0, sector).then(Mono.fromSupplier(() -> {
            String format = ImageMagic.formatOf(sector.clear());
            return format == null ? RAW : format;
        }));
    }

    /** Closes everything. */
    public Mono<Void> close() {
        return graph.close();
    }

    private static NodeOptions.Builder fileOptions(Path file) {
        return NodeOptions.driver("file").set("filename", file.toString());
    }

    private NodeOptions.Builder common(NodeOptions.Builder node, boolean writable) {
        return node.set("read-only", !writable).set("discard", "unmap").set("force-share", forceShare && !writable);
    }

    private Mono<BlockBackend> open(NodeOptions options, boolean writable) {
        return graph.add(options).flatMap(node -> graph.attach(node, writable ? Permissions.WRITE : Permissions.READ));
    }
}
