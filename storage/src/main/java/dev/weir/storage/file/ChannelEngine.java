package dev.weir.storage.file;

import com.sun.nio.file.ExtendedOpenOption;
import dev.weir.posix.PosixFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.CompletionHandler;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** {@code aio=threads}: an {@link AsynchronousFileChannel}, which is pread(2) and pwrite(2) on the pool. */
final class ChannelEngine implements FileEngine {
    private final int fd;
    private final AsynchronousFileChannel channel;

    private ChannelEngine(int fd, AsynchronousFileChannel channel) {
        this.fd = fd;
        this.channel = channel;
    }

    /** Opens the file behind {@code fd} once more; {@code fd} stays the caller's and must outlive the engine. Blocks. */
    static ChannelEngine open(int fd, boolean readOnly, boolean direct, Executor pool) throws IOException {
        Set<OpenOption> options = new HashSet<>();
        options.add(StandardOpenOption.READ);
        if (!readOnly) {
            options.add(StandardOpenOption.WRITE);
        }
        if (direct) {
            options.add(ExtendedOpenOption.DIRECT);
        }
        // Through /proc it is the same file, whatever the path leads to by now.
        Path path = Path.of("/proc/self/fd/" + fd);
        return new ChannelEngine(fd, AsynchronousFileChannel.open(path, options, new Pool(pool)));
    }

    @Override
    public void read(ByteBuffer dst, long offset, CompletionHandler<Integer, ByteBuffer> handler) {
        channel.read(dst, offset, dst, handler);
    }

    @Override
    public void write(ByteBuffer src, long offset, CompletionHandler<Integer, ByteBuffer> handler) {
        channel.write(src, offset, src, handler);
    }

    @Override
    public void sync() throws IOException {
        PosixFile.fdatasync(fd);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    /** The channel asks for a service but only ever calls {@link #execute}; the pool is not its to shut down. */
    private static final class Pool extends AbstractExecutorService {
        private final Executor executor;

        Pool(Executor executor) {
            this.executor = executor;
        }

        @Override
        public void execute(Runnable command) {
            executor.execute(command);
        }

        @Override
        public void shutdown() {
            throw new UnsupportedOperationException("the pool is borrowed");
        }

        @Override
        public List<Runnable> shutdownNow() {
            throw new UnsupportedOperationException("the pool is borrowed");
        }

        @Override
        public boolean isShutdown() {
            return false;
        }

        @Override
        public boolean isTerminated() {
            return false;
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) {
            return false;
        }
    }
}
