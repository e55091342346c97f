package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_init_in}, 64 bytes, or 16 from kernels before protocol 7.36: the body of INIT.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseInitIn {
    /** Size in bytes since protocol 7.36. */
    public static final int SIZE = 64;

    /** Size in bytes before protocol 7.36: without {@code flags2}. */
    public static final int COMPAT_SIZE = 16;

    private FuseInitIn() {}

    /** Major version of the kernel. */
    public static int major(ByteBuffer buffer, int at) {
        return buffer.getInt(at);
    }

    /** Minor version of the kernel. */
    public static int minor(ByteBuffer buffer, int at) {
        return buffer.getInt(at + 4);
    }

    /** Most bytes that the kernel would read ahead. */
    public static int maxReadahead(ByteBuffer buffer, int at) {
        return buffer.getInt(at + 8);
    }

    /**
     * What the kernel offers, as {@link FuseInitFlags}. Bits from 32 up count only where {@link FuseInitFlags#INIT_EXT} is
     * among them.
     *
     * @param bodyLength bytes of the body: {@link #SIZE} or {@link #COMPAT_SIZE}
     */
    public static long flags(ByteBuffer buffer, int at, int bodyLength) {
        int flags = buffer.getInt(at + 12);
        boolean extended = bodyLength >= SIZE && (flags & FuseInitFlags.INIT_EXT) != 0;
        return FuseInitFlags.join(flags, extended ? buffer.getInt(at + 16) : 0);
    }
}
