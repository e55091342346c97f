package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_attr_out}, 104 bytes: the reply to GETATTR and SETATTR.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseAttrOut {
    /** Size in bytes. */
    public static final int SIZE = 104;

    private static final int ATTR_AT = 16;

    private FuseAttrOut() {}

    /**
     * Writes the struct.
     *
     * @param validSeconds how long the kernel may answer from its cache, whole seconds
     * @param validNanos the rest of that time, 0 to 999 999 999
     */
    public static void encode(ByteBuffer buffer, int at, long validSeconds, int validNanos, FuseAttr attr) {
        buffer.putLong(at, validSeconds);
        buffer.putInt(at + 8, validNanos);
        buffer.putInt(at + 12, 0);
        int attrAt = at + ATTR_AT;
        buffer.putLong(attrAt, attr.ino());
        buffer.putLong(attrAt + 8, attr.size());
        buffer.putLong(attrAt + 16, attr.blocks());
        buffer.putLong(attrAt + 24, attr.atime());
        buffer.putLong(attrAt + 32, attr.mtime());
        buffer.putLong(attrAt + 40, attr.ctime());
        buffer.putInt(attrAt + 48, attr.atimensec());
        buffer.putInt(attrAt + 52, attr.mtimensec());
        buffer.putInt(attrAt + 56, attr.ctimensec());
        buffer.putInt(attrAt + 60, attr.mode());
        buffer.putInt(attrAt + 64, attr.nlink());
        buffer.putInt(attrAt + 68, attr.uid());
        buffer.putInt(attrAt + 72, attr.gid());
        buffer.putInt(attrAt + 76, attr.rdev());
        buffer.putInt(attrAt + 80, attr.blksize());
        buffer.putInt(attrAt + 84, attr.flags());
    }
}
