package dev.weir.fuse.protocol;

import org.jspecify.annotations.Nullable;

/**
 * What became of a message that was decoded.
 *
 * <p>Anything but {@link #OK} is answered with {@link #errno()} if {@link FuseRequest#expectsReply()}. If the stream is
 * not trusted, the connection is to be aborted; that answers every pending request.
 */
public enum DecodeResult {
    /** A well-formed request. */
    OK(null, true),

    /** Fewer bytes than a header: nobody to reply to. */
    TRUNCATED_HEADER(null, false),

    /** The length in the header is not the length that came: whose request this is cannot be known. */
    LENGTH_MISMATCH(null, false),

    /** Longer than any request that was negotiated. */
    OVERSIZED(Errno.EIO, true),

    /** An operation that is not in {@link FuseOpcode}. */
    UNKNOWN_OPCODE(Errno.ENOSYS, true),

    /** The struct of the operation is not whole. */
    TRUNCATED_BODY(Errno.EIO, true),

    /** The extensions are longer than what follows the struct. */
    BAD_EXTENSION(Errno.EIO, true),

    /** Fewer payload bytes than the struct announces. */
    TRUNCATED_PAYLOAD(Errno.EIO, true),

    /** More payload bytes than the struct announces. */
    TRAILING_PAYLOAD(Errno.EIO, true),

    /** A size beyond what was negotiated, or negative, or an empty range. */
    BAD_SIZE(Errno.EINVAL, true),

    /** An offset that is negative, or a range whose end is not a file offset. */
    BAD_OFFSET(Errno.EINVAL, true);

    private final @Nullable Errno errno;
    private final boolean streamTrusted;

    DecodeResult(@Nullable Errno errno, boolean streamTrusted) {
        this.errno = errno;
        this.streamTrusted = streamTrusted;
    }

    /** The error to reply with; null for {@link #OK} and where no reply is possible. */
    public @Nullable Errno errno() {
        return errno;
    }

    /** Whether further messages may be read. If not, message boundaries are lost: abort the connection. */
    public boolean streamTrusted() {
        return streamTrusted;
    }
}
