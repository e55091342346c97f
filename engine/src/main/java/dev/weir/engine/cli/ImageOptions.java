package dev.weir.engine.cli;

import dev.weir.storage.NodeOptions;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that describe the image, and the block nodes that come of them. */
final class ImageOptions {
    /** Drivers that need no file, to be named as {@code DRIVER:SIZE}. */
    private static final Set<String> WITHOUT_FILE = Set.of("null-co", "memory");

    @Option(
            names = "--format",
            paramLabel = "raw",
            description = "Format of the image. Without it the image is taken as raw, and the first 512 bytes are"
                    + " guarded against becoming another format's header.")
    private @Nullable String format;

    @Option(names = "--writable", description = "Let clients write.")
    private boolean writable;

    @Option(names = "--read-only", description = "Refuse to write; this is the default.")
    private boolean readOnly;

    @Option(names = "--cache-direct", description = "Go around the page cache (O_DIRECT).")
    private boolean cacheDirect;

    @Option(names = "--aio", paramLabel = "threads", description = "How file I/O is done (default: threads).")
    private String aio = "threads";

    @Option(
            names = "--discard",
            paramLabel = "ignore|unmap",
            description = "Whether holes that clients punch free space in the image (default: unmap).")
    private String discard = "unmap";

    @Option(
            names = "--detect-zeroes",
            paramLabel = "off|on|unmap",
            description = "Turn writes of zeroes into cheaper requests (default: off).")
    private String detectZeroes = "off";

    @Option(
            names = "--locking",
            paramLabel = "auto|on|off",
            description = "Lock the image as QEMU does (default: auto).")
    private String locking = "auto";

    @Option(names = "--force-share", description = "Take no locks and mind none; only without --writable.")
    private boolean forceShare;

    @Option(names = "--offset", paramLabel = "SIZE", description = "Where in the file the image begins (raw).")
    private @Nullable String offset;

    @Option(names = "--size", paramLabel = "SIZE", description = "How long the image is (raw).")
    private @Nullable String size;

    boolean writable() {
        return writable;
    }

    String formatName() {
        return format == null ? "raw" : format;
    }

    NodeOptions nodeOptions(String image) {
        if (writable && readOnly) {
            throw new IllegalArgumentException("--writable and --read-only exclude each other");
        }
        NodeOptions.Builder node = NodeOptions.driver(formatName())
                .set("file", protocolOptions(image))
                .set("read-only", !writable)
                .set("discard", discard)
                .set("detect-zeroes", detectZeroes)
                .set("force-share", forceShare)
                .set("cache.direct", cacheDirect);
        if (offset != null) {
            node.set("offset", offset);
        }
        if (size != null) {
            node.set("size", size);
        }
        if (format == null) {
            node.set("probed", true);
        }
        return node.build();
    }

    private NodeOptions protocolOptions(String image) {
        int colon = image.indexOf(':');
        if (colon > 0 && WITHOUT_FILE.contains(image.substring(0, colon))) {
            return NodeOptions.driver(image.substring(0, colon))
                    .set("size", image.substring(colon + 1))
                    .build();
        }
        return NodeOptions.driver("file")
                .set("filename", image)
                .set("aio", aio)
                .set("locking", locking)
                .build();
    }
}
