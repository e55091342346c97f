package dev.weir.storage;

/**
 * A named node of the block graph: the one checked hop around a device. Whatever reaches the device was open, permitted,
 * in range, aligned, not larger than its limits, and was counted.
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
}
