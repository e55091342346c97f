package dev.weir.storage.file;

import dev.weir.posix.Errno;
import dev.weir.posix.PosixException;
import dev.weir.posix.PosixFile;
import java.nio.ByteBuffer;
import java.nio.channels.CompletionHandler;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Operators;

/**
 * A read or a write, as the hot path wants it: one that can be done on the subscriber's own thread leaves nothing behind.
 * What is left of others is up to three steps, each only where it is needed: through the engine, through the buffered
 * descriptor on the pool ({@link #run}), and a sync; the thread that did the last one completes the subscriber.
 */
final class FileTransfer implements CompletionHandler<Integer, ByteBuffer>, Runnable, FlushQueue.Waiter, Subscription {
    private final FileDevice device;
    private final boolean write;
    private final boolean fua;
    private final long offset;
    private final ByteBuffer buffer;
    private final CoreSubscriber<? super Void> actual;

    /** Where the buffer's position is in the file. */
    private long position;
    /** The buffer's limit for the request as a whole. */
    private int limit;

    /** Whether it counts as a write that others may have to wait for. */
    private boolean entered;

    /** Whether that is over so soon that others may wait for it. */
    private boolean small;

    private FileTransfer(
            FileDevice device,
            boolean write,
            boolean fua,
            long offset,
            long position,
            ByteBuffer buffer,
            CoreSubscriber<? super Void> actual) {
        this.device = device;
        this.write = write;
        this.fua = fua;
        this.offset = offset;
        this.position = position;
        this.buffer = buffer;
        this.limit = buffer.limit();
        this.actual = actual;
    }

    static void read(FileDevice device, long offset, ByteBuffer dst, CoreSubscriber<? super Void> actual) {
        int count = Math.max(0, device.inline().read(dst, offset));
        if (count > 0 && !dst.hasRemaining()) {
            Operators.complete(actual);
        } else {
            new FileTransfer(device, false, false, offset, offset + count, dst, actual).start();
        }
    }

    static void write(
            FileDevice device, long offset, ByteBuffer src, boolean fua, CoreSubscriber<? super Void> actual) {
        int count = Math.max(0, device.inline().write(src, offset));
        if (count > 0 && !src.hasRemaining() && !fua && offset + count <= device.length()) {
            Operators.complete(actual);
        } else {
            new FileTransfer(device, true, fua, offset, offset + count, src, actual).start();
        }
    }

    private void start() {
        actual.onSubscribe(this);
        if (device.direct()) {
            limitToAligned();
        }
        proceed();
    }

    /**
     * Keeps the engine away from a tail that direct I/O cannot reach, and a write from growing the file to a multiple of
     * the alignment.
     */
    private void limitToAligned() {
        long length = device.length();
        if (write) {
            limit = limitAt(length);
        }
        buffer.limit(limitAt(device.alignedEnd(length)));
    }

    /** The buffer's limit where the request must not reach past {@code end} in the file. */
    private int limitAt(long end) {
        long left = Math.max(0, end - position);
        return (int) Math.min(limit, buffer.position() + left);
    }

    private void proceed() {
        boolean done = buffer.position() == limit;
        if (done && !(write && position > device.length())) {
            finish();
            return;
        }
        if (write && !entered) {
            entered = true;
            small = InlineTransfers.isSmall(buffer.remaining());
            if (small) {
                device.inline().enterWrite();
            } else {
                device.inline().enterExclusive();
            }
        }
        try {
            if (done) {
                device.pool().execute(this::trim);
            } else if (!buffer.hasRemaining() || !device.aligned(position)) {
                device.pool().execute(this);
            } else if (write) {
                device.engine().write(buffer, position, this);
            } else {
                device.engine().read(buffer, position, this);
            }
        } catch (Throwable e) {
            fail(e);
        }
    }

    /** The file has shrunk since the request was checked. */
    private void trim() {
        try {
            device.end().trim();
        } catch (Throwable e) {
            fail(e);
            return;
        }
        finish();
    }

    private void leave() {
        if (entered) {
            entered = false;
            if (small) {
                device.inline().leaveWrite();
            } else {
                device.inline().leaveExclusive();
            }
        }
    }

    private void finish() {
        leave();
        if (fua) {
            device.flushes().add(this);
        } else {
            actual.onComplete();
        }
    }

    @Override
    public void completed(Integer count, ByteBuffer same) {
        if (count > 0) {
            position += count;
            proceed();
        } else if (write) {
            fail(new PosixException(Errno.EIO, "pwrite"));
        } else {
            // The end of the file: shorter than the node for another's truncation, or not a multiple of the
            // alignment.
            buffer.limit(limit);
            Zeroes.fill(buffer);
            actual.onComplete();
        }
    }

    @Override
    public void failed(Throwable cause, ByteBuffer same) {
        fail(cause);
    }

    /** The part that direct I/O cannot do, on the pool. */
    @Override
    public void run() {
        try {
            buffer.limit(limit);
            while (buffer.hasRemaining()) {
                int count = write
                        ? PosixFile.pwrite(device.fd(), buffer, position)
                        : PosixFile.pread(device.fd(), buffer, position);
                if (count == 0) {
                    if (write) {
                        throw new PosixException(Errno.EIO, "pwrite");
                    }
                    Zeroes.fill(buffer);
                }
                position += count;
            }
        } catch (Throwable e) {
            fail(e);
            return;
        }
        proceed();
    }

    @Override
    public void flushed(@Nullable Throwable failure) {
        if (failure == null) {
            actual.onComplete();
        } else {
            fail(failure);
        }
    }

    private void fail(Throwable cause) {
        leave();
        actual.onError(FileErrors.failed(device.nodeName(), write ? "write" : "read", offset, cause));
    }

    @Override
    public void request(long n) {
        // Nothing but an end is ever sent.
    }

    @Override
    public void cancel() {
        // The kernel may be filling the buffer: it is the lender's again only when the I/O has ended.
    }
}
