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
    NO_FALLBACK;

    /** No flag. */
    public static final Set<WriteFlag> NONE = Set.of();
}
