package dev.weir.testing;

import dev.weir.posix.PosixFile;
import dev.weir.posix.PosixProcess;
import dev.weir.storage.BlockBackend;
import dev.weir.storage.spi.AioContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.NonBlocking;

/** An event loop on a thread that must not block. */
public final class AioLoop extends AioContext implements Executor, AutoCloseable {
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();

    /** None, to begin with. */
    private int watched = -1;

    private final Thread thread = new LoopThread(() -> run(this::loop));
    private volatile boolean ended;

    private static final class LoopThread extends Thread implements NonBlocking {
        LoopThread(Runnable body) {
            super(body, "test-loop");
        }
    }

    public AioLoop() {
        // The C library is loaded here: that blocks.
        PosixProcess.uid();
        thread.setDaemon(true);
        thread.start();
    }

    private void loop() {
        ByteBuffer count = ByteBuffer.allocateDirect(8);
        boolean again = false;
        while (!ended || !tasks.isEmpty()) {
            try {
                if (PosixFile.poll(watched, PosixFile.POLLIN, again || !tasks.isEmpty() ? 0 : 1) != 0) {
                    PosixFile.read(watched, count.clear());
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                task.run();
            }
            // The last turn is left to the end, as a loop does that is shut down in the middle of one.
            again = !ended && turnEnded() == Next.TURN;
        }
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public void watch(int fd) {
        watched = fd;
    }

    /** Subscribes on the loop. */
    public <T> Mono<T> on(Mono<T> mono) {
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super T> actual) {
                execute(() -> mono.subscribe(actual));
            }
        };
    }

    /** The same, with all that it is asked for asked for on the loop. */
    public BlockBackend on(BlockBackend backend) {
        return (BlockBackend) Proxy.newProxyInstance(
                AioLoop.class.getClassLoader(), new Class<?>[] {BlockBackend.class}, (proxy, method, arguments) -> {
                    Object result;
                    try {
                        result = method.invoke(backend, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                    return result instanceof Mono<?> mono ? on(mono) : result;
                });
    }

    /** Ends the loop, and waits until its thread has. */
    @Override
    public void close() {
        ended = true;
        try {
            thread.join(TimeUnit.SECONDS.toMillis(20));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            throw new AssertionError("the loop does not end");
        }
    }
}
