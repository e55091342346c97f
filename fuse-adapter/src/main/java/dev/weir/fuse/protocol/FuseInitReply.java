package dev.weir.fuse.protocol;

/**
 * What the reply to INIT says, with the fields of {@code struct fuse_init_out}.
 *
 * @param major {@link FuseProtocol#MAJOR}
 * @param minor the smaller of {@link FuseProtocol#MINOR} and the kernel's
 * @param maxReadahead bytes that the kernel may read ahead
 * @param flags {@link FuseInitFlags}, a subset of what the kernel offered
 * @param maxBackground asynchronous requests in flight at most, 0 to 65535; 0 means the kernel's default of 12
 * @param congestionThreshold asynchronous requests from which the kernel calls itself congested, 0 to 65535
 * @param maxWrite bytes of a WRITE at most
 * @param timeGran granularity of times in nanoseconds
 * @param maxPages pages of a request at most, 0 to 65535; counts with {@link FuseInitFlags#MAX_PAGES}
 * @param mapAlignment binary logarithm of the DAX alignment, 0 to 65535
 * @param maxStackDepth nesting of backing files; 0 without {@link FuseInitFlags#PASSTHROUGH}
 * @param requestTimeout seconds after which the kernel aborts the connection, 0 to 65535; 0 means never
 */
public record FuseInitReply(
        int major,
        int minor,
        int maxReadahead,
        long flags,
        int maxBackground,
        int congestionThreshold,
        int maxWrite,
        int timeGran,
        int maxPages,
        int mapAlignment,
        int maxStackDepth,
        int requestTimeout) {
    /**
     * Checks that every field fits its place on the wire.
     *
     * @throws IllegalArgumentException if one does not, or bits from 32 up come without {@link FuseInitFlags#INIT_EXT}
     */
    public FuseInitReply {
        checkUnsignedShort("maxBackground", maxBackground);
        checkUnsignedShort("congestionThreshold", congestionThreshold);
        checkUnsignedShort("maxPages", maxPages);
        checkUnsignedShort("mapAlignment", mapAlignment);
        checkUnsignedShort("requestTimeout", requestTimeout);
        if (FuseInitFlags.flags2(flags) != 0 && (flags & FuseInitFlags.INIT_EXT) == 0) {
            throw new IllegalArgumentException("flags need INIT_EXT, were 0x" + Long.toHexString(flags));
        }
    }

    private static void checkUnsignedShort(String name, int value) {
        if (value < 0 || value > 0xFFFF) {
            throw new IllegalArgumentException(name + " must be from 0 to 65535, was " + value);
        }
    }
}
