package dev.weir.storage;

/** What {@link BlockIo#truncate} does with the range by which a node grows. */
public enum PreallocMode {
    /** Nothing: the range is a hole where the driver has holes. */
    OFF,
    /** Format metadata only; {@link #OFF} for a node without metadata. */
    METADATA,
    /** Space is reserved without writing data. */
    FALLOC,
    /** Zeroes are written. */
    FULL
}
