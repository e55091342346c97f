package dev.weir.engine;

import dev.weir.fuse.FuseExportOptions;
import java.util.List;
import java.util.regex.Pattern;

/**
 * An export to be added to an engine.
 *
 * @param id a letter, then letters, digits, {@code -}, {@code .} or {@code _}; unique in the engine
 * @param nodeName the node to be exported
 * @param fuse how it is shown
 * @param ioThreads ids of the threads that serve it, one queue each; empty for the engine's first
 */
public record BlockExportOptions(String id, String nodeName, FuseExportOptions fuse, List<String> ioThreads) {
    private static final Pattern ID = Pattern.compile("[A-Za-z][A-Za-z0-9._-]*");

    public BlockExportOptions {
        if (!ID.matcher(id).matches()) {
            throw new IllegalArgumentException("Invalid block export id");
        }
        ioThreads = List.copyOf(ioThreads);
    }

    /** An export on the engine's first thread. */
    public BlockExportOptions(String id, String nodeName, FuseExportOptions fuse) {
        this(id, nodeName, fuse, List.of());
    }
}
