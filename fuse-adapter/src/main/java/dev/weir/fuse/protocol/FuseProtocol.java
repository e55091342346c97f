package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Numbers that hold for the whole protocol.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}.
 */
public final class FuseProtocol {
    /** Major version; both sides must agree on it. */
    public static final int MAJOR = 7;

    /** Newest minor version that this codec speaks. */
    public static final int MINOR = 45;

    /** Oldest minor version that this codec is meant for. */
    public static final int MINIMUM_MINOR = 31;

    /** Inode of the root of the mount: the exported file. */
    public static final long ROOT_ID = 1;

    /** The kernel refuses to read requests into less than this many bytes. */
    public static final int MIN_READ_BUFFER = 8192;

    /** Bytes before the data of a WRITE request: header and {@link FuseWriteIn}. */
    public static final int WRITE_DATA_AT = FuseInHeader.SIZE + FuseWriteIn.SIZE;

    /** Set in {@code unique} when the kernel sends a request a second time. */
    public static final long UNIQUE_RESEND = 1L << 63;

    /** Notification: drop cached data and attributes of an inode. */
    public static final int NOTIFY_INVAL_INODE = 2;

    private FuseProtocol() {}

    /** For assertions: the kernel writes and reads its own byte order. */
    static boolean nativeOrder(ByteBuffer buffer) {
        return buffer.order() == ByteOrder.nativeOrder();
    }
}
