package dev.weir.engine.cli;

import dev.weir.engine.cli.syntax.Arguments;
import dev.weir.engine.cli.syntax.Option;
import dev.weir.engine.cli.syntax.Syntax;
import dev.weir.engine.cli.syntax.UsageException;
import dev.weir.engine.cli.syntax.Value;
import dev.weir.storage.NodeOptions;
import java.util.List;
import java.util.Set;

/** The options that describe the image, and the block nodes that come of them. */
final class ImageOptions {
    private static final Option FORMAT = new Option(
            "format",
            '\0',
            new Value.Choice(List.of("raw")),
            null,
            "Format of the image. Without it the image is taken for raw, and its first 512 bytes cannot be made to look"
                    + " like another format's.");
    static final Option WRITABLE = Option.flag("writable", "Let clients write.");
    private static final Option READ_ONLY = Option.flag("read-only", "Let nobody write; this is the default.");
    private static final Option OFFSET =
            Option.size("offset", "Where in the file the image begins. Needs --format=raw.", null, 0);
    private static final Option SIZE = Option.size("size", "How long the image is. Needs --format=raw.", null, 0);
    private static final Option CACHE_DIRECT = Option.flag("cache-direct", "Go around the page cache (O_DIRECT).");
    private static final Option AIO = Option.choice("aio", "How file I/O is done.", "threads");
    private static final Option DISCARD =
            Option.choice("discard", "Whether holes that clients punch free space in the image.", "unmap", "ignore");
    private static final Option DETECT_ZEROES =
            Option.choice("detect-zeroes", "Turn writes of zeroes into cheaper requests.", "off", "on", "unmap");
    private static final Option LOCKING =
            Option.choice("locking", "Lock the image as QEMU does; 'auto' where it can.", "auto", "on", "off");
    private static final Option FORCE_SHARE =
            Option.flag("force-share", "Take no locks and mind none. Not with --writable.");

    static final Syntax.Section SECTION = new Syntax.Section(
            "Image",
            List.of(
                    WRITABLE,
                    READ_ONLY,
                    FORMAT,
                    OFFSET,
                    SIZE,
                    CACHE_DIRECT,
                    AIO,
                    DISCARD,
                    DETECT_ZEROES,
                    LOCKING,
                    FORCE_SHARE));

    /** Drivers that need no file, to be named as {@code DRIVER:SIZE}. */
    private static final Set<String> WITHOUT_FILE = Set.of("memory", "null-co");

    private ImageOptions() {}

    static String format(Arguments arguments) {
        String format = arguments.find(FORMAT);
        return format == null ? "raw" : format;
    }

    static NodeOptions node(String image, Arguments arguments) {
        boolean writable = arguments.has(WRITABLE);
        boolean named = arguments.has(FORMAT);
        if (writable && arguments.has(READ_ONLY)) {
            throw new UsageException("--writable and --read-only exclude each other");
        }
        if (writable && arguments.has(FORCE_SHARE)) {
            throw new UsageException("--writable and --force-share exclude each other");
        }
        if (!named && (arguments.has(OFFSET) || arguments.has(SIZE))) {
            throw new UsageException("--offset and --size need --format=raw");
        }
        String discard = arguments.get(DISCARD);
        String detectZeroes = arguments.get(DETECT_ZEROES);
        if (detectZeroes.equals("unmap") && !discard.equals("unmap")) {
            throw new UsageException("--detect-zeroes=unmap needs --discard=unmap");
        }
        NodeOptions.Builder node = NodeOptions.driver(format(arguments))
                .set("file", protocol(image, arguments))
                .set("read-only", !writable)
                .set("discard", discard)
                .set("detect-zeroes", detectZeroes)
                .set("force-share", arguments.has(FORCE_SHARE))
                .set("cache.direct", arguments.has(CACHE_DIRECT))
                .set("probed", !named);
        for (Option window : List.of(OFFSET, SIZE)) {
            if (arguments.has(window)) {
                node.set(window.name(), arguments.bytes(window));
            }
        }
        return node.build();
    }

    private static NodeOptions protocol(String image, Arguments arguments) {
        int colon = image.indexOf(':');
        if (colon > 0 && WITHOUT_FILE.contains(image.substring(0, colon))) {
            String size = image.substring(colon + 1);
            var type = new Value.Size(0);
            if (!type.accepts(size)) {
                throw new UsageException("IMAGE '" + image + "' needs " + type.expected()
                        + ", after the colon; a file of that name is './" + image + "'");
            }
            return NodeOptions.driver(image.substring(0, colon))
                    .set("size", size)
                    .build();
        }
        return NodeOptions.driver("file")
                .set("filename", image)
                .set("aio", arguments.get(AIO))
                .set("locking", arguments.get(LOCKING))
                .build();
    }
}
