package dev.weir.storage;

import java.nio.ByteBuffer;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;

/**
 * A named node of the block graph: the one checked hop around a device. Whatever reaches the device was open, writable, in
 * range, aligned, not larger than its limits, and was counted.
 *
 * <p>The operations of a node are for the devices above it, from their opening on, and for queries. Everybody else attaches
 * a {@link BlockBackend}: only that takes permissions, and with them the locks of an image, and only its requests are held
 * back by a drain and waited for before the node is closed. A node does not check that whoever calls it is one of its users.
 */
public interface BlockNode extends BlockIo {
    /** The node's name, unique in its graph. */
    String nodeName();

    /** The driver's name, such as {@code raw}. */
    String driverName();

    /** Whether the node was opened read-only. */
    boolean readOnly();

    /** What the node asks of requests to be served without extra copies; any request is served. */
    BlockLimits limits();

    /** The file that holds the bytes of this node until it is reopened, or null where none does; see {@link BackingFile}. */
    @Nullable
    BackingFile backingFile();

    /** Subscribes to a {@link #read}: for devices on the hot path, which do without the {@code Mono} that way. */
    default void startRead(long offset, ByteBuffer dst, CoreSubscriber<? super Void> actual) {
        read(offset, dst).subscribe(actual);
    }

    /** As {@link #startRead}, for a {@link #write}. */
    default void startWrite(long offset, ByteBuffer src, Set<WriteFlag> flags, CoreSubscriber<? super Void> actual) {
        write(offset, src, flags).subscribe(actual);
    }
}
