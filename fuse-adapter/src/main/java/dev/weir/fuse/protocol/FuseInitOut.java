package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_init_out}, 64 bytes, shorter for old kernels: the reply to INIT.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseInitOut {
    /** Size in bytes since protocol 7.23. */
    public static final int SIZE = 64;

    /** Size in bytes for protocol 7.5 to 7.22. */
    public static final int COMPAT_22_SIZE = 24;

    /** Size in bytes before protocol 7.5: the version and nothing else. */
    public static final int COMPAT_SIZE = 8;

    private FuseInitOut() {}

    /** Size in bytes that a kernel of a minor version takes. */
    public static int size(int kernelMinor) {
        if (kernelMinor < 5) {
            return COMPAT_SIZE;
        }
        return kernelMinor < 23 ? COMPAT_22_SIZE : SIZE;
    }

    /** Writes all {@link #SIZE} bytes; a shorter reply is a prefix of them. */
    public static void encode(ByteBuffer buffer, int at, FuseInitReply reply) {
        buffer.putInt(at, reply.major());
        buffer.putInt(at + 4, reply.minor());
        buffer.putInt(at + 8, reply.maxReadahead());
        buffer.putInt(at + 12, FuseInitFlags.flags(reply.flags()));
        buffer.putShort(at + 16, (short) reply.maxBackground());
        buffer.putShort(at + 18, (short) reply.congestionThreshold());
        buffer.putInt(at + 20, reply.maxWrite());
        buffer.putInt(at + 24, reply.timeGran());
        buffer.putShort(at + 28, (short) reply.maxPages());
        buffer.putShort(at + 30, (short) reply.mapAlignment());
        buffer.putInt(at + 32, FuseInitFlags.flags2(reply.flags()));
        buffer.putInt(at + 36, reply.maxStackDepth());
        buffer.putShort(at + 40, (short) reply.requestTimeout());
        // Unused, but the buffer may hold bytes of somebody's data.
        buffer.putShort(at + 42, (short) 0);
        buffer.putInt(at + 44, 0);
        buffer.putLong(at + 48, 0);
        buffer.putLong(at + 56, 0);
    }
}
