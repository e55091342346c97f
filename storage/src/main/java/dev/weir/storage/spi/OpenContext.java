package dev.weir.storage.spi;

import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import java.util.concurrent.Executor;
import reactor.core.publisher.Mono;

/** What a driver may know and do while it opens a device. It is the gate: an image opens no other file but through it. */
public interface OpenContext {
    /** The name of the node that is being opened. */
    String nodeName();

    /** Whether the node must not be written to. */
    boolean readOnly();

    /** {@code cache.direct}: go around the page cache. */
    boolean cacheDirect();

    /** {@code cache.no-flush}: flushes may be ignored. */
    boolean cacheNoFlush();

    /** {@code force-share}: take no image locks, and do not mind those of others. */
    boolean forceShare();

    /** {@code discard=unmap}: discarded ranges may be deallocated. */
    boolean discardUnmap();

    /**
     * To be called before a file of the host is touched; may block.
     *
     * @throws dev.weir.storage.BlockException of kind BUSY for a file that this process serves itself: to wait for it
     *     would be to wait for ourselves
     */
    void requireForeign(String filename);

    /** The bounded pool for calls that block; it outlives the device. */
    Executor blockingExecutor();

    /**
     * A child that the user named: a reference to a node, or options of a new one.
     *
     * @param options what the {@link Option} of a child gave
     */
    Mono<BlockNode> openChild(NodeOptions options);

    /**
     * A file that an image's contents name. Denied unless the user's policy allows it.
     *
     * @param option the {@link Option} of the child that would have named it instead
     * @param filename as it stands in the image; where it is relative it counts from the directory of the image
     * @param format the driver to open it with; formats are named, never probed
     */
    Mono<BlockNode> openImplicit(String option, String filename, String format, boolean readOnly);
}
