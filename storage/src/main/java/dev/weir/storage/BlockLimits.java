package dev.weir.storage;

/**
 * What a device asks of its requests; fixed when it is opened. {@link BlockNode} sees to it, so a device never checks.
 *
 * @param requestAlignment bytes, a power of two of at least 1: offset and length of every read and write are multiples
 *     of it (the last request of a node may end past its length, by less than this)
 * @param memoryAlignment bytes, a power of two of at least 1: the address of every buffer is a multiple of it
 * @param maxTransfer bytes, a multiple of {@code requestAlignment}: the largest single read or write
 * @param zeroAlignment bytes, a power of two: what {@code writeZeroes} and {@code discard} can do without rounding
 * @param optimalTransfer bytes: the size below which requests are slow, or 0 where that is unknown; a client's
 *     {@code st_blksize} is derived from it
 */
public record BlockLimits(
        int requestAlignment, int memoryAlignment, int maxTransfer, int zeroAlignment, int optimalTransfer) {
    /** The largest request that any device is asked for: 2 GiB less a sector, as in QEMU. */
    public static final int MAX_TRANSFER = Integer.MAX_VALUE / 512 * 512;

    /** No alignment, no limit. */
    public static final BlockLimits BYTES = new BlockLimits(1, 1, MAX_TRANSFER, 1, 0);

    public BlockLimits {
        requirePowerOfTwo("requestAlignment", requestAlignment);
        requirePowerOfTwo("memoryAlignment", memoryAlignment);
        requirePowerOfTwo("zeroAlignment", zeroAlignment);
        if (maxTransfer < requestAlignment || maxTransfer % requestAlignment != 0) {
            throw new IllegalArgumentException(
                    "maxTransfer must be a multiple of requestAlignment, was " + maxTransfer);
        }
        if (optimalTransfer < 0) {
            throw new IllegalArgumentException("optimalTransfer must not be negative, was " + optimalTransfer);
        }
    }

    private static void requirePowerOfTwo(String name, int value) {
        if (value < 1 || Integer.bitCount(value) != 1) {
            throw new IllegalArgumentException(name + " must be a power of two, was " + value);
        }
    }
}
