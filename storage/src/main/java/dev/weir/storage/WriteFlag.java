package dev.weir.storage;

import java.util.Set;

/** Modifiers of {@link BlockIo#write} and {@link BlockIo#writeZeroes}. */
public enum WriteFlag {
    /** Force unit access: the data is on stable storage when the request completes. */
    FUA,
    /** {@code writeZeroes} may deallocate, where the node's {@code discard} option is {@code unmap}. */
    MAY_UNMAP,
    /**
     * {@code writeZeroes} fails with {@link BlockErrorKind#UNSUPPORTED}, and changes nothing, rather than writing buffers
     * of zeroes; except for the edges of a range that are smaller than the device's blocks.
     */
    NO_FALLBACK,
    /**
     * A range that ends past the end of the node grows it, which takes the permission to resize. Nobody sees the new length
     * before the request has succeeded; on failure the node has its former one. A device never gets this flag.
     */
    GROW;

    /** No flag. */
    public static final Set<WriteFlag> NONE = Set.of();
}
