package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Writes replies and notifications.
 *
 * <p>Every method writes at an absolute position of a buffer in native byte order, leaves position and limit alone, and
 * returns the length in bytes of the message from {@code at} on. The kernel wants that message in one write, on the
 * descriptor that the request came from.
 *
 * <p>Thread: stateless; the caller owns the buffer.
 */
public final class FuseReplyEncoder {
    /** The longest reply that this class writes, the payload of READ not counted, in bytes. */
    public static final int MAX_SIZE = FuseOutHeader.SIZE + FuseAttrOut.SIZE;

    private FuseReplyEncoder() {}

    /** Reply of failure, whatever the operation: a header alone. */
    public static int error(ByteBuffer buffer, int at, long unique, Errno errno) {
        FuseOutHeader.encode(buffer, at, FuseOutHeader.SIZE, -errno.code(), unique);
        return FuseOutHeader.SIZE;
    }

    /** Reply of success without data: RELEASE, FLUSH, FSYNC, FALLOCATE, DESTROY, ACCESS. */
    public static int empty(ByteBuffer buffer, int at, long unique) {
        return success(buffer, at, unique, 0);
    }

    /**
     * Header of a READ reply, 16 bytes; the payload follows right after it.
     *
     * @param payloadLength bytes read, at most what was asked for; fewer mean that the file ends there
     * @return 16, the length of the header alone: write {@code 16 + payloadLength} bytes
     */
    public static int dataHeader(ByteBuffer buffer, int at, long unique, int payloadLength) {
        success(buffer, at, unique, payloadLength);
        return FuseOutHeader.SIZE;
    }

    /**
     * Reply to INIT, in the length that the kernel knows.
     *
     * @param kernelMinor minor version in the request
     */
    public static int init(ByteBuffer buffer, int at, long unique, int kernelMinor, FuseInitReply reply) {
        FuseInitOut.encode(buffer, at + FuseOutHeader.SIZE, reply);
        return success(buffer, at, unique, FuseInitOut.size(kernelMinor));
    }

    /**
     * Reply to GETATTR and SETATTR.
     *
     * @param validSeconds how long the kernel may answer from its cache, whole seconds
     * @param validNanos the rest of that time
     */
    public static int attr(ByteBuffer buffer, int at, long unique, long validSeconds, int validNanos, FuseAttr attr) {
        FuseAttrOut.encode(buffer, at + FuseOutHeader.SIZE, validSeconds, validNanos, attr);
        return success(buffer, at, unique, FuseAttrOut.SIZE);
    }

    /**
     * Reply to OPEN.
     *
     * @param openFlags the {@code FOPEN_} bits of {@link FuseOpenOut}
     * @param backingId with {@link FuseOpenOut#FOPEN_PASSTHROUGH}, or 0
     */
    public static int open(ByteBuffer buffer, int at, long unique, long fh, int openFlags, int backingId) {
        FuseOpenOut.encode(buffer, at + FuseOutHeader.SIZE, fh, openFlags, backingId);
        return success(buffer, at, unique, FuseOpenOut.SIZE);
    }

    /**
     * Reply to WRITE.
     *
     * @param size bytes written, at most what was asked for
     */
    public static int write(ByteBuffer buffer, int at, long unique, int size) {
        FuseWriteOut.encode(buffer, at + FuseOutHeader.SIZE, size);
        return success(buffer, at, unique, FuseWriteOut.SIZE);
    }

    /** Reply to LSEEK: the position that was found. */
    public static int lseek(ByteBuffer buffer, int at, long unique, long offset) {
        FuseLseekOut.encode(buffer, at + FuseOutHeader.SIZE, offset);
        return success(buffer, at, unique, FuseLseekOut.SIZE);
    }

    /** Reply to STATFS. */
    public static int statfs(ByteBuffer buffer, int at, long unique, FuseStatfs statfs) {
        FuseStatfsOut.encode(buffer, at + FuseOutHeader.SIZE, statfs);
        return success(buffer, at, unique, FuseStatfsOut.SIZE);
    }

    /**
     * Notification that cached attributes of an inode, and its pages in a range, are stale. Not to be sent while a
     * request that holds the inode lock waits for this thread: the kernel would wait for it too.
     *
     * @param off first byte; negative for the attributes alone
     * @param len bytes; 0 or less means to the end
     */
    public static int invalInode(ByteBuffer buffer, int at, long ino, long off, long len) {
        int length = FuseOutHeader.SIZE + 24;
        FuseOutHeader.encode(buffer, at, length, FuseProtocol.NOTIFY_INVAL_INODE, 0);
        buffer.putLong(at + 16, ino);
        buffer.putLong(at + 24, off);
        buffer.putLong(at + 32, len);
        return length;
    }

    private static int success(ByteBuffer buffer, int at, long unique, int bodyLength) {
        int length = FuseOutHeader.SIZE + bodyLength;
        FuseOutHeader.encode(buffer, at, length, 0, unique);
        return length;
    }
}
