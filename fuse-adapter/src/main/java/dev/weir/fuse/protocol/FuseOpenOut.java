package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;

/**
 * Layout of {@code struct fuse_open_out}, 16 bytes: the reply to OPEN.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}. Integers are in native order.
 */
public final class FuseOpenOut {
    /** Size in bytes. */
    public static final int SIZE = 16;

    /** Reads and writes bypass the page cache. */
    public static final int FOPEN_DIRECT_IO = 1;

    /** Pages cached by earlier opens stay valid. */
    public static final int FOPEN_KEEP_CACHE = 1 << 1;

    /** No seeking. */
    public static final int FOPEN_NONSEEKABLE = 1 << 2;

    /** The directory may be cached. */
    public static final int FOPEN_CACHE_DIR = 1 << 3;

    /** A stream without position. */
    public static final int FOPEN_STREAM = 1 << 4;

    /** {@code close(2)} sends no FLUSH. */
    public static final int FOPEN_NOFLUSH = 1 << 5;

    /** Direct writes inside the file do not exclude each other. */
    public static final int FOPEN_PARALLEL_DIRECT_WRITES = 1 << 6;

    /** I/O goes to the backing file. */
    public static final int FOPEN_PASSTHROUGH = 1 << 7;

    private FuseOpenOut() {}

    /**
     * Writes the struct.
     *
     * @param backingId backing file, or 0 without {@link #FOPEN_PASSTHROUGH}
     */
    public static void encode(ByteBuffer buffer, int at, long fh, int openFlags, int backingId) {
        buffer.putLong(at, fh);
        buffer.putInt(at + 8, openFlags);
        buffer.putInt(at + 12, backingId);
    }
}
