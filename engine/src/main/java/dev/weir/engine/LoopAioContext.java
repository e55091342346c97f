package dev.weir.engine;

import dev.weir.storage.spi.AioContext;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.SelectStrategy;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.IntSupplier;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/** An event loop of Netty's, for drivers. A turn ends where the loop would wait for events. */
final class LoopAioContext extends AioContext implements SelectStrategy {
    private final SelectStrategy waiting;
    private @Nullable IoEventLoop loop;

    /** @param waiting what the loop does at the end of a turn when it may sleep */
    LoopAioContext(SelectStrategy waiting) {
        this.waiting = waiting;
    }

    /** Makes the thread that becomes the loop. */
    ThreadFactory threads(String name) {
        return new DefaultThreadFactory(name, true) {
            @Override
            public Thread newThread(Runnable loop) {
                return super.newThread(() -> LoopAioContext.this.run(loop));
            }
        };
    }

    /** Before the first task. */
    void loop(IoEventLoop own) {
        loop = own;
    }

    @Override
    public int calculateStrategy(IntSupplier selectNow, boolean hasTasks) throws Exception {
        Next next = turnEnded();
        return next == Next.SLEEP && !hasTasks
                ? SELECT
                : waiting.calculateStrategy(selectNow, hasTasks || next == Next.TURN);
    }

    @Override
    public void watch(int fd) throws IOException {
        IoEventLoop own = loop;
        if (own == null || !own.inEventLoop()) {
            throw new IllegalStateException("not on the loop");
        }
        // On the loop's thread it is registered at once.
        Future<IoRegistration> registered = own.register(new Watched(new FileDescriptor(fd)));
        if (!registered.isSuccess()) {
            throw new IOException("the event loop takes no more descriptors", registered.cause());
        }
        try {
            registered.getNow().submit(EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLET));
        } catch (RuntimeException e) {
            throw new IOException("epoll takes no more descriptors", e);
        }
    }

    /** It is enough that the loop turns. */
    private record Watched(FileDescriptor fd) implements EpollIoHandle {
        @Override
        public void handle(IoRegistration registration, IoEvent event) {}

        @Override
        public void close() {}
    }
}
