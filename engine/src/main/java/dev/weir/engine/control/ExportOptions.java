package dev.weir.engine.control;

import dev.weir.engine.BlockExportOptions;
import dev.weir.fuse.AllowOther;
import dev.weir.fuse.FuseExportOptions;
import dev.weir.fuse.KernelCache;
import dev.weir.fuse.Passthrough;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.spi.Option;
import dev.weir.storage.spi.OptionReader;
import dev.weir.storage.spi.OptionSchema;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;

/** The options of {@code --export} and {@code block-export-add}. */
final class ExportOptions {
    /** The types that an export may have. */
    private enum Type {
        FUSE
    }

    private static final Option<Type> TYPE = Option.requiredChoice("type", Type.class);
    private static final Option<String> ID = Option.requiredString("id");
    private static final Option<Boolean> FIXED_IOTHREAD = Option.flag("fixed-iothread", false);
    private static final Option<List<String>> IOTHREAD = Option.stringOrStrings("iothread", "BlockExportIothreads");
    private static final Option<String> NODE_NAME = Option.requiredString("node-name");
    private static final Option<Boolean> WRITABLE = Option.flag("writable", false);
    private static final Option<Boolean> WRITETHROUGH = Option.flag("writethrough", false);
    private static final Option<Boolean> ALLOW_INACTIVE = Option.flag("allow-inactive", false);

    private static final Option<String> MOUNTPOINT = Option.requiredString("mountpoint");
    private static final Option<Boolean> GROWABLE = Option.flag("growable", false);
    private static final Option<AllowOther> ALLOW_OTHER =
            Option.choice("allow-other", AllowOther.class, AllowOther.AUTO);
    private static final Option<KernelCache> KERNEL_CACHE =
            Option.choice("kernel-cache", KernelCache.class, KernelCache.OFF);
    private static final Option<Passthrough> PASSTHROUGH =
            Option.choice("passthrough", Passthrough.class, Passthrough.OFF);
    private static final Option<Boolean> CLIENT_AFFINITY = Option.flag("client-affinity", true);
    private static final Option<OptionalLong> MAX_IN_FLIGHT_BYTES = Option.bytes("max-in-flight-bytes");

    /** What every export has besides its type. */
    static final OptionSchema COMMON =
            OptionSchema.of(ID, FIXED_IOTHREAD, IOTHREAD, NODE_NAME, WRITABLE, WRITETHROUGH, ALLOW_INACTIVE);

    /** What exports have besides that, by their type. */
    static final Map<String, OptionSchema> TYPES = Map.of(
            "fuse",
            OptionSchema.of(
                    MOUNTPOINT,
                    GROWABLE,
                    ALLOW_OTHER,
                    KERNEL_CACHE,
                    PASSTHROUGH,
                    CLIENT_AFFINITY,
                    MAX_IN_FLIGHT_BYTES));

    private static final OptionSchema FUSE =
            OptionSchema.of(TYPE).and(COMMON).and(Objects.requireNonNull(TYPES.get("fuse")));

    private ExportOptions() {}

    /** Reads them all; fails with QEMU's text, in the order of QEMU's checks. */
    static BlockExportOptions read(NodeOptions options) {
        FUSE.check(options, child -> {});
        var reader = new OptionReader(options, FUSE);
        String id = reader.get(ID);
        String nodeName = reader.get(NODE_NAME);
        FuseExportOptions.Builder fuse = FuseExportOptions.at(path(reader.get(MOUNTPOINT)))
                .writable(reader.get(WRITABLE))
                .growable(reader.get(GROWABLE))
                .writethrough(reader.get(WRITETHROUGH))
                .allowOther(reader.get(ALLOW_OTHER))
                .kernelCache(reader.get(KERNEL_CACHE))
                .passthrough(reader.get(PASSTHROUGH))
                .clientAffinity(reader.get(CLIENT_AFFINITY));
        reader.get(MAX_IN_FLIGHT_BYTES).ifPresent(fuse::maxInFlightBytes);
        boolean several = options.values().get(IOTHREAD.name()) instanceof NodeOptions;
        List<String> ioThreads = reader.get(IOTHREAD);
        boolean inactive = reader.get(ALLOW_INACTIVE);
        if (reader.get(FIXED_IOTHREAD) && several) {
            throw invalid("Cannot use fixed-iothread for a multi-threaded export");
        }
        if (several && ioThreads.isEmpty()) {
            throw invalid("The set of I/O threads must not be empty");
        }
        if (inactive) {
            throw invalid("Export type does not support inactive exports");
        }
        try {
            return new BlockExportOptions(id, nodeName, fuse.source(nodeName).build(), ioThreads);
        } catch (IllegalArgumentException e) {
            throw BlockException.of(BlockErrorKind.INVALID, String.valueOf(e.getMessage()), e);
        }
    }

    private static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw BlockException.of(BlockErrorKind.INVALID, "Failed to stat '" + text + "': " + e.getReason(), e);
        }
    }

    private static BlockException invalid(String message) {
        return BlockException.of(BlockErrorKind.INVALID, message);
    }
}
