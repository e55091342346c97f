package dev.weir.storage.file;

import dev.weir.posix.Errno;
import dev.weir.posix.IoUring;
import dev.weir.posix.PosixException;
import java.nio.ByteBuffer;
import java.nio.channels.CompletionHandler;
import org.jspecify.annotations.Nullable;

/**
 * A place for one request of a ring, used again and again; the buffer stays reachable for as long as the kernel may touch
 * it. Confined to the ring's loop.
 */
final class RingRequest {
    private final int index;

    private boolean write;
    private int fd;
    private @Nullable ByteBuffer buffer;
    private long offset;
    private @Nullable CompletionHandler<Integer, ByteBuffer> handler;
    private @Nullable FileEngine fallback;
    private FileEngine.@Nullable SyncHandler sync;

    RingRequest(int index) {
        this.index = index;
    }

    RingRequest transfer(
            boolean write,
            int fd,
            ByteBuffer buffer,
            long offset,
            CompletionHandler<Integer, ByteBuffer> handler,
            FileEngine fallback) {
        this.write = write;
        this.fd = fd;
        this.buffer = buffer;
        this.offset = offset;
        this.handler = handler;
        this.fallback = fallback;
        return this;
    }

    RingRequest sync(int fd, FileEngine.SyncHandler sync) {
        this.fd = fd;
        this.sync = sync;
        return this;
    }

    void queue(IoUring ring) {
        ByteBuffer bytes = buffer;
        if (bytes == null) {
            ring.fdatasync(fd, index);
        } else if (write) {
            ring.write(fd, bytes, offset, index);
        } else {
            ring.read(fd, bytes, offset, index);
        }
    }

    boolean mustRepeat(int result) {
        return result == -Errno.EINTR || sync != null && result == -Errno.EAGAIN;
    }

    /** The kernel is done with it. */
    void end(int result, AioRing ring) {
        FileEngine.SyncHandler synced = sync;
        ByteBuffer bytes = buffer;
        CompletionHandler<Integer, ByteBuffer> completion = handler;
        FileEngine other = fallback;
        boolean wrote = write;
        long at = offset;
        sync = null;
        buffer = null;
        handler = null;
        fallback = null;
        ring.recycle(this);
        if (synced != null) {
            synced.synced(result < 0 ? new PosixException(-result, "fdatasync") : null);
        } else if (bytes != null && completion != null && other != null) {
            if (result > 0) {
                bytes.position(bytes.position() + result);
                completion.completed(ring.boxed(result), bytes);
            } else if (result == 0) {
                completion.completed(wrote ? 0 : -1, bytes);
            } else if (result != -Errno.EAGAIN && result != -Errno.ECANCELED) {
                completion.failed(new PosixException(-result, wrote ? "pwrite" : "pread"), bytes);
            } else if (wrote) {
                // It would have to wait, or no thread of the kernel was to be had.
                other.write(bytes, at, completion);
            } else {
                other.read(bytes, at, completion);
            }
        }
    }
}
