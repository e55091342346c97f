package dev.weir.engine.cli.image;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.storage.image.ImageFormat;
import dev.weir.storage.image.ImageInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * An image and those below it, described as nodes one by one: each file is one that the user named, or one that an image names
 * while the user allows that. Nothing is left for the images to open by themselves.
 */
public final class ImageChain {
    /** More than anybody has on purpose. */
    private static final int MAX_DEPTH = 200;

    private final BlockGraph graph;
    private final boolean follow;
    private final Function<Path, NodeOptions> files;

    /**
     * @param graph has the drivers; is used for looking at headers
     * @param follow whether the files that images name are taken
     * @param files the node of a file
     */
    public ImageChain(BlockGraph graph, boolean follow, Function<Path, NodeOptions> files) {
        this.graph = graph;
        this.follow = follow;
        this.files = files;
    }

    /** Describes the nodes of an image; to be completed by common options. */
    public Mono<NodeOptions.Builder> describe(Path file, String format) {
        return describe(file, format, new HashSet<>());
    }

    private Mono<NodeOptions.Builder> describe(Path file, String format, Set<Path> above) {
        return Mono.defer(() -> {
            requireNew(file, above);
            NodeOptions.Builder node = NodeOptions.driver(format).set("file", files.apply(file));
            // A driver of the user's own may have no images of which anything could be told.
            Optional<ImageFormat> known = graph.imageFormat(format);
            if (known.isEmpty()) {
                return Mono.just(node);
            }
            return header(file, known.get()).flatMap(info -> {
                if (info.specific().get("data-file") instanceof String dataFile) {
                    Path data = named(file, "data file", dataFile);
                    node.set(
                            "data-file",
                            NodeOptions.driver(ImageAccess.RAW)
                                    .set("file", files.apply(data))
                                    .build());
                }
                String backing = info.backingFile();
                return backing == null
                        ? Mono.just(node)
                        : below(file, backing, info.backingFormat(), above)
                                .map(below -> node.set(
                                        "backing", below.set("read-only", true).build()));
            });
        });
    }

    private Mono<NodeOptions.Builder> below(Path file, String backing, @Nullable String format, Set<Path> above) {
        Path path = named(file, "backing file", backing);
        if (format == null) {
            throw invalid("'" + file + "' does not tell the format of its backing file '" + backing + "'");
        }
        return describe(path, format, above);
    }

    private Path named(Path image, String what, String name) {
        if (!follow) {
            throw BlockException.of(
                    BlockErrorKind.ACCESS_DENIED,
                    "'" + image + "' names the " + what + " '" + name
                            + "'; --follow opens it, for an image that you trust");
        }
        String path = name.startsWith("file:") ? name.substring(5) : name;
        if (path.matches("[A-Za-z][A-Za-z0-9+.-]*:.*")) {
            throw BlockException.of(
                    BlockErrorKind.UNSUPPORTED, "The " + what + " '" + name + "' of '" + image + "' is no path");
        }
        return image.resolveSibling(path);
    }

    private static void requireNew(Path file, Set<Path> above) {
        Path real;
        try {
            real = Files.exists(file) ? file.toRealPath() : file;
        } catch (IOException e) {
            real = file;
        }
        if (!above.add(real)) {
            throw invalid("'" + file + "' is its own backing file, directly or not");
        }
        if (above.size() > MAX_DEPTH) {
            throw invalid("There are more than " + MAX_DEPTH + " backing files");
        }
    }

    /** Without locks: what counts is looked at again when the node is opened. */
    private Mono<ImageInfo> header(Path file, ImageFormat format) {
        NodeOptions.Builder look = NodeOptions.builder();
        files.apply(file).values().forEach((key, value) -> look.set(key, String.valueOf(value)));
        look.set("read-only", true).set("force-share", true);
        return graph.add(look.build())
                .flatMap(node -> graph.attach(node, Permissions.READ)
                        .flatMap(backend -> format.info(backend)
                                .flatMap(info -> close(backend).thenReturn(info))
                                .onErrorResume(failure -> close(backend).then(Mono.error(failure))))
                        .flatMap(info -> graph.remove(node.nodeName()).thenReturn(info)));
    }

    private static Mono<Void> close(BlockBackend backend) {
        return Mono.defer(backend::close);
    }

    /**
     * What can be done with images of a format; empty for raw.
     *
     * @throws BlockException where there is no such format
     */
    static Optional<ImageFormat> format(BlockGraph graph, String name) {
        if (!graph.driverNames().contains(name)) {
            throw invalid("Unknown driver '" + name + "', there are "
                    + String.join(", ", new TreeSet<>(graph.driverNames())));
        }
        Optional<ImageFormat> format = graph.imageFormat(name);
        if (format.isEmpty() && !name.equals(ImageAccess.RAW)) {
            throw invalid("'" + name + "' is no format of images");
        }
        return format;
    }

    private static BlockException invalid(String message) {
        return BlockException.of(BlockErrorKind.INVALID, message);
    }
}
