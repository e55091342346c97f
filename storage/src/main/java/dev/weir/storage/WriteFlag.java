package dev.weir.storage;

import java.util.Set;

/** Modifiers of {@link BlockIo#write} and {@link BlockIo#writeZeroes}. */
public enum WriteFlag {
    /** Force unit access: the data is on stable storage when the request completes. */
    FUA,
    /** {@code writeZeroes} may deallocate, where the node's {@code discard} option is {@code unmap}. */
    MAY_UNMAP,
    /** {@code writeZeroes} fails with {@link BlockErrorKind#UNSUPPORTED} rather than writing buffers of zeroes. */
    NO_FALLBACK;

    /** No flag. */
    public static final Set<WriteFlag> NONE = Set.of();
}
