package dev.weir.posix;

import com.kenai.jffi.MemoryIO;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Positional reads and writes for hot paths: nothing is allocated, an error is a number, and with
 * {@link PosixFile#RWF_NOWAIT} nothing blocks.
 */
public final class PosixNowait {
    private static final MemoryIO MEMORY = MemoryIO.getInstance();

    /** One struct iovec for each thread: two words, address and length. */
    private static final ThreadLocal<Iovec> IOVEC = ThreadLocal.withInitial(Iovec::new);

    private static final class Iovec {
        private final ByteBuffer words = ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder());
        private final long address = MEMORY.getDirectBufferAddress(words);

        long of(ByteBuffer buffer) {
            words.putLong(0, MEMORY.getDirectBufferAddress(buffer) + buffer.position());
            words.putLong(8, buffer.remaining());
            return address;
        }
    }

    private PosixNowait() {}

    /**
     * Reads into what is left of a direct buffer and moves its position.
     *
     * @param flags {@code RWF_} flags
     * @return the count, 0 at the end of the file, or a negated {@link Errno}: EAGAIN where it would have to block,
     *     EOPNOTSUPP where the file system cannot tell
     */
    public static int read(int fd, ByteBuffer dst, long offset, int flags) {
        long iovec = IOVEC.get().of(dst);
        return moved(dst, LibC.CALLS.preadv2(fd, iovec, 1, offset, flags));
    }

    /** As {@link #read}, the other way. */
    public static int write(int fd, ByteBuffer src, long offset, int flags) {
        long iovec = IOVEC.get().of(src);
        return moved(src, LibC.CALLS.pwritev2(fd, iovec, 1, offset, flags));
    }

    private static int moved(ByteBuffer buffer, long count) {
        Reference.reachabilityFence(buffer);
        if (count < 0) {
            return -LibC.errno();
        }
        buffer.position(buffer.position() + (int) count);
        return (int) count;
    }
}
