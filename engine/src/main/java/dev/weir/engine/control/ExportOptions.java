package dev.weir.engine.control;

import dev.weir.engine.BlockExportOptions;
import dev.weir.fuse.AllowOther;
import dev.weir.fuse.FuseExportOptions;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.spi.OptionReader;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/** The options of {@code --export} and {@code block-export-add}. */
final class ExportOptions {
    /** The types that an export may have. */
    private enum Type {
        FUSE
    }

    private ExportOptions() {}

    /** Reads them all; fails with QEMU's text, in the order of QEMU's checks. */
    static BlockExportOptions read(NodeOptions options) {
        var reader = new OptionReader(options);
        if (!reader.has("type")) {
            reader.string("type");
        }
        String id = reader.string("id");
        reader.choice("type", Type.class, Type.FUSE);
        String nodeName = reader.string("node-name");
        Path mountpoint = path(reader.string("mountpoint"));
        FuseExportOptions.Builder fuse = FuseExportOptions.at(mountpoint)
                .writable(reader.flag("writable", false))
                .growable(reader.flag("growable", false))
                .writethrough(reader.flag("writethrough", false))
                .allowOther(reader.choice("allow-other", AllowOther.class, AllowOther.AUTO));
        reader.bytes("max-in-flight-bytes").ifPresent(fuse::maxInFlightBytes);
        boolean named = reader.has("iothread");
        List<String> ioThreads = reader.strings("iothread");
        boolean fixed = reader.flag("fixed-iothread", false);
        boolean inactive = reader.flag("allow-inactive", false);
        reader.end();
        if (fixed && ioThreads.size() > 1) {
            throw invalid("Cannot use fixed-iothread for a multi-threaded export");
        }
        if (named && ioThreads.isEmpty()) {
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
