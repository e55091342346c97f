package dev.weir.engine.cli;

import dev.weir.storage.NodeOptions;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** The options that describe the image, and the block nodes that come of them. */
@SuppressWarnings("NullAway.Init") // picocli sets what has a standard value
final class ImageOptions {
    private static final String RAW = "raw";

    /** Drivers that need no file, to be named as {@code DRIVER:SIZE}. */
    private static final Set<String> WITHOUT_FILE = Set.of("memory", "null-co");

    enum Aio {
        THREADS,
        IO_URING;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    enum Discard {
        UNMAP,
        IGNORE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    enum DetectZeroes {
        OFF,
        ON,
        UNMAP;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Option(names = "--writable", description = "Let clients write.")
    private boolean writable;

    @Option(names = "--read-only", description = "Let nobody write; this is the default.")
    private boolean readOnly;

    @Option(
            names = "--format",
            paramLabel = "raw|qcow2",
            description = "Format of the image. Without it the image is taken for raw, must not begin like a qcow2"
                    + " image, and its first 512 bytes cannot be made to look like another format's.")
    private @Nullable String format;

    @Option(
            names = "--offset",
            paramLabel = "SIZE",
            description = "Where in the file the image begins. Needs --format=raw.")
    private @Nullable ByteSize offset;

    @Option(names = "--size", paramLabel = "SIZE", description = "How long the image is. Needs --format=raw.")
    private @Nullable ByteSize size;

    @Option(names = "--cache-direct", description = "Go around the page cache (O_DIRECT).")
    private boolean cacheDirect;

    @Option(
            names = "--aio",
            paramLabel = "threads|io_uring",
            defaultValue = "threads",
            description = "How file I/O is done (${DEFAULT-VALUE}).")
    private Aio aio;

    @Option(
            names = "--discard",
            paramLabel = "unmap|ignore",
            defaultValue = "unmap",
            description = "Whether holes that clients punch free space in the image (${DEFAULT-VALUE}).")
    private Discard discard;

    @Option(
            names = "--detect-zeroes",
            paramLabel = "off|on|unmap",
            defaultValue = "off",
            description = "Turn writes of zeroes into cheaper requests (${DEFAULT-VALUE}).")
    private DetectZeroes detectZeroes;

    @Option(
            names = "--locking",
            paramLabel = "auto|on|off",
            defaultValue = "auto",
            description = "Lock the image as QEMU does; 'auto' where it can (${DEFAULT-VALUE}).")
    private OnOffAuto locking;

    @Option(names = "--force-share", description = "Take no locks and mind none. Not with --writable.")
    private boolean forceShare;

    boolean writable() {
        return writable;
    }

    String format() {
        return format == null ? RAW : format;
    }

    /**
     * The nodes, the one to be exported on top.
     *
     * @throws ParameterException where options make no sense together, or the image does not
     */
    NodeOptions node(String image, CommandLine commandLine) {
        checkTogether(commandLine);
        NodeOptions.Builder node =
                common(NodeOptions.driver(format()).set("file", protocol(image, commandLine)), writable);
        if (format == null) {
            node.set("probed", true);
        }
        if (offset != null) {
            node.set("offset", offset.bytes());
        }
        if (size != null) {
            node.set("size", size.bytes());
        }
        return node.build();
    }

    boolean readOnly() {
        return readOnly;
    }

    boolean forceShare() {
        return forceShare;
    }

    /** Whether the user has named the format. */
    boolean formatNamed() {
        return format != null;
    }

    /** Whether only a part of the file is the image. */
    boolean window() {
        return offset != null || size != null;
    }

    /** With the options that every node of the image has. */
    NodeOptions.Builder common(NodeOptions.Builder node, boolean writes) {
        return node.set("read-only", !writes)
                .set("discard", discard.toString())
                .set("detect-zeroes", detectZeroes.toString())
                .set("force-share", forceShare)
                .set("cache.direct", cacheDirect);
    }

    /** The node of a file. */
    NodeOptions file(String filename) {
        return NodeOptions.driver("file")
                .set("filename", filename)
                .set("aio", aio.toString())
                .set("locking", locking.toString())
                .build();
    }

    private void checkTogether(CommandLine commandLine) {
        if (writable && readOnly) {
            throw new ParameterException(commandLine, "--writable and --read-only exclude each other");
        }
        if (writable && forceShare) {
            throw new ParameterException(commandLine, "--writable and --force-share exclude each other");
        }
        if (!RAW.equals(format) && window()) {
            throw new ParameterException(commandLine, "--offset and --size need --format=raw");
        }
        if (detectZeroes == DetectZeroes.UNMAP && discard != Discard.UNMAP) {
            throw new ParameterException(commandLine, "--detect-zeroes=unmap needs --discard=unmap");
        }
    }

    /** Whether the image is a file, rather than a driver and a size. */
    static boolean isFile(String image) {
        int colon = image.indexOf(':');
        return colon <= 0 || !WITHOUT_FILE.contains(image.substring(0, colon));
    }

    private NodeOptions protocol(String image, CommandLine commandLine) {
        int colon = image.indexOf(':');
        if (!isFile(image)) {
            String length = image.substring(colon + 1);
            long bytes;
            try {
                bytes = ByteSize.parse(length).bytes();
            } catch (TypeConversionException e) {
                throw new ParameterException(
                        commandLine,
                        "IMAGE '" + image + "' needs a size in bytes, such as 4096, 64k or 1.5G, after the colon;"
                                + " a file of that name is './" + image + "'");
            }
            return NodeOptions.driver(image.substring(0, colon))
                    .set("size", bytes)
                    .build();
        }
        return file(image);
    }
}
