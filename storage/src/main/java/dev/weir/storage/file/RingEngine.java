package dev.weir.storage.file;

import dev.weir.posix.Errno;
import dev.weir.posix.IoUring;
import dev.weir.posix.PosixException;
import dev.weir.posix.PosixFile;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.CompletionHandler;
import org.jspecify.annotations.Nullable;

/**
 * {@code aio=io_uring}: what an event loop asks for goes through its {@link AioRing} and ends on the same thread; what any
 * other thread asks for goes to the engine for that.
 */
final class RingEngine implements FileEngine {
    /** Writes through the page cache from here on go to the pool: the kernel would copy them while it takes them on. */
    private static final int LARGE_WRITE = 512 * 1024;

    private final int bufferedFd;
    private final int fd;
    private final FileEngine others;
    private volatile boolean closed;

    private RingEngine(int bufferedFd, int fd, FileEngine others) {
        this.bufferedFd = bufferedFd;
        this.fd = fd;
        this.others = others;
    }

    /** Fails where there is no io_uring here, or none for this process. */
    static void requireSupport() throws IOException {
        try {
            IoUring.open(1, 2).close();
        } catch (PosixException e) {
            throw unsupported(e);
        }
    }

    static BlockException unsupported(PosixException e) {
        String hint = switch (e.errno()) {
            case Errno.EPERM, Errno.EACCES ->
                " (forbidden, by sysctl kernel.io_uring_disabled or a seccomp" + " filter)";
            case Errno.ENOMEM -> " (the limit of locked memory, ulimit -l, may be too low)";
            case Errno.ENOSYS, Errno.EINVAL, Errno.EOPNOTSUPP -> " (it needs Linux 5.8)";
            default -> "";
        };
        return BlockException.of(
                BlockErrorKind.UNSUPPORTED,
                "aio=io_uring was specified, but is not supported here: " + e.getMessage() + hint,
                e);
    }

    /**
     * On the file behind {@code bufferedFd}, opened once more where it is to be direct; that stays the caller's and must outlive the engine. Blocks.
     *
     * @param others on the same file, for other threads; closed with this one, also where this fails
     */
    static RingEngine open(int bufferedFd, boolean readOnly, boolean direct, FileEngine others) throws IOException {
        try {
            int flags = (readOnly ? PosixFile.O_RDONLY : PosixFile.O_RDWR) | PosixFile.O_DIRECT;
            int fd = direct ? PosixFile.open("/proc/self/fd/" + bufferedFd, flags, 0) : bufferedFd;
            return new RingEngine(bufferedFd, fd, others);
        } catch (IOException | RuntimeException | Error e) {
            others.close();
            throw e;
        }
    }

    private @Nullable AioRing ring() {
        return closed ? null : AioRing.current();
    }

    @Override
    public void read(ByteBuffer dst, long offset, CompletionHandler<Integer, ByteBuffer> handler) {
        AioRing ring = dst.isDirect() ? ring() : null;
        if (ring == null) {
            others.read(dst, offset, handler);
        } else {
            ring.transfer(false, fd, dst, offset, handler, others);
        }
    }

    @Override
    public void write(ByteBuffer src, long offset, CompletionHandler<Integer, ByteBuffer> handler) {
        boolean copied = fd == bufferedFd;
        AioRing ring = src.isDirect() && !(copied && src.remaining() >= LARGE_WRITE) ? ring() : null;
        if (ring == null) {
            others.write(src, offset, handler);
        } else {
            ring.transfer(true, fd, src, offset, handler, others);
        }
    }

    @Override
    public void sync() throws IOException {
        others.sync();
    }

    @Override
    public boolean trySync(SyncHandler handler) {
        AioRing ring = ring();
        if (ring == null) {
            return false;
        }
        ring.sync(bufferedFd, handler);
        return true;
    }

    @Override
    public void close() throws IOException {
        // Descriptors are reused: what comes too late must not reach a stranger's file.
        closed = true;
        try {
            others.close();
        } finally {
            if (fd != bufferedFd) {
                PosixFile.close(fd);
            }
        }
    }
}
