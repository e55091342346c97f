package dev.weir.engine;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import reactor.core.publisher.Mono;

/** One named event loop with its thread: it reads the requests of the exports that are given to it. */
public final class IoThread {
    private static final Duration STOP_LIMIT = Duration.ofSeconds(3);

    private final String id;
    private volatile int pollMaxNanos;
    private final MultiThreadIoEventLoopGroup group;

    /** Exports that have a queue on it; guarded by {@link IoThreads}. */
    int users;

    /** @param pollMaxNanos how long the loop may poll before it sleeps */
    IoThread(String id, int pollMaxNanos) {
        if (!Epoll.isAvailable()) {
            throw new IllegalStateException(
                    "no epoll (Weir runs on Linux with glibc, on x86-64 or aarch64): "
                            + reason(Epoll.unavailabilityCause()),
                    Epoll.unavailabilityCause());
        }
        this.id = id;
        this.pollMaxNanos = pollMaxNanos;
        try {
            var aio = new LoopAioContext(new AdaptivePolling(this::pollMaxNanos, System::nanoTime));
            this.group = new MultiThreadIoEventLoopGroup(
                    1, aio.threads("weir-" + id), EpollIoHandler.newFactory(0, () -> aio));
            aio.loop(group.next());
        } catch (IllegalStateException e) {
            throw new IllegalStateException("cannot start iothread '" + id + "': " + reason(e), e);
        }
    }

    private static String reason(Throwable failure) {
        Throwable reason = failure;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            reason = cause;
        }
        return String.valueOf(reason.getMessage());
    }

    /** The name, unique in its engine. */
    public String id() {
        return id;
    }

    /** How long it polls at most before it sleeps, in nanoseconds; 0 for never. */
    public int pollMaxNanos() {
        return pollMaxNanos;
    }

    /**
     * Lets it poll longer, or less long, from its next event on.
     *
     * @param pollMaxNanos from 0 to 1,000,000,000
     */
    public void pollMaxNanos(int pollMaxNanos) {
        BlockEngine.requirePollMaxNanos(pollMaxNanos);
        this.pollMaxNanos = pollMaxNanos;
    }

    IoEventLoop loop() {
        return group.next();
    }

    /** Ends the thread; nothing may be registered with it any more. Fails where something blocks it. */
    Mono<Void> stop() {
        return Mono.<Void>create(sink -> group.shutdownGracefully(0, 1, TimeUnit.SECONDS)
                        .addListener(future -> {
                            if (future.isSuccess()) {
                                sink.success();
                            } else {
                                sink.error(future.cause());
                            }
                        }))
                .timeout(
                        STOP_LIMIT,
                        Mono.error(() -> BlockException.of(
                                BlockErrorKind.TIMED_OUT, "iothread '" + id + "' does not end: something blocks it")));
    }

    @Override
    public String toString() {
        return id;
    }
}
