package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_batch_forget_in}, 8 bytes: the body of BATCH_FORGET.
 *
 * <p>The payload holds {@code count} times {@code struct fuse_forget_one}: nodeid, nlookup.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseBatchForgetIn {
    /** Size in bytes. */
    public static final int SIZE = 8;

    /** Size in bytes of one entry in the payload. */
    public static final int FORGET_ONE_SIZE = 16;

    private FuseBatchForgetIn() {}

    /** Entries in the payload; in a decoded request they lie inside it. */
    public static int count(ByteBuffer buffer, int at) {
        return buffer.getInt(at);
    }

    /** Inode of the entry that begins at {@code at} in the payload. */
    public static long forgetOneNodeid(ByteBuffer buffer, int at) {
        return buffer.getLong(at);
    }

    /** Lookups taken back by the entry that begins at {@code at} in the payload. */
    public static long forgetOneNlookup(ByteBuffer buffer, int at) {
        return buffer.getLong(at + 8);
    }
}
