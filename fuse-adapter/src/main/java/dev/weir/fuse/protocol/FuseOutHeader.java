package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_out_header}, 16 bytes: the first bytes of every reply and notification.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseOutHeader {
    /** Size in bytes. */
    public static final int SIZE = 16;

    private FuseOutHeader() {}

    /**
     * Writes a header.
     *
     * @param len bytes of the whole reply, this header included
     * @param error 0, a negative errno, or in a notification its positive code
     * @param unique the request, or 0 in a notification
     */
    public static void encode(ByteBuffer buffer, int at, int len, int error, long unique) {
        assert FuseProtocol.nativeOrder(buffer);
        buffer.putInt(at, len);
        buffer.putInt(at + 4, error);
        buffer.putLong(at + 8, unique);
    }
}
