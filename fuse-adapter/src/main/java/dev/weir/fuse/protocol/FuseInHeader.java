package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_in_header}, 40 bytes: the first bytes of every request.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseInHeader {
    /** Size in bytes. */
    public static final int SIZE = 40;

    private FuseInHeader() {}

    /** Length of the whole request in bytes, this header included; unsigned 32 bits. */
    public static int len(ByteBuffer buffer, int at) {
        return buffer.getInt(at);
    }

    /** Number of the operation, see {@link FuseOpcode}. */
    public static int opcode(ByteBuffer buffer, int at) {
        return buffer.getInt(at + 4);
    }

    /** Names the request; a reply repeats it. */
    public static long unique(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 8);
    }

    /** Inode that the request is about; {@link FuseProtocol#ROOT_ID} for the exported file. */
    public static long nodeid(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 16);
    }

    /** User of the caller, in the user namespace of the mount. */
    public static int uid(ByteBuffer buffer, int at) {
        return buffer.getInt(at + 24);
    }

    /** Group of the caller, in the user namespace of the mount. */
    public static int gid(ByteBuffer buffer, int at) {
        return buffer.getInt(at + 28);
    }

    /** Process of the caller; 0 when it cannot be named or the kernel itself asks. */
    public static int pid(ByteBuffer buffer, int at) {
        return buffer.getInt(at + 32);
    }

    /** Length of all extensions at the end of the request, in units of 8 bytes. */
    public static int totalExtlen(ByteBuffer buffer, int at) {
        return Short.toUnsignedInt(buffer.getShort(at + 36));
    }
}
