package dev.weir.testing;

import dev.weir.posix.PosixFile;
import dev.weir.storage.BlockBackend;
import dev.weir.storage.spi.AioContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.NonBlocking;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** An event loop on a thread that must not block. */
public final class AioLoop extends AioContext implements Executor, AutoCloseable {
    private static final long NAP_NANOS = 50_000;

    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final List<Integer> watched = new ArrayList<>();
    private final Scheduler scheduler = Schedulers.fromExecutor(this);
    private final Thread thread = new LoopThread(() -> run(this::loop));
    private volatile boolean ended;

    private static final class LoopThread extends Thread implements NonBlocking {
        LoopThread(Runnable body) {
            super(body, "test-loop");
        }
    }

    public AioLoop() {
        thread.setDaemon(true);
        thread.start();
    }

    private void loop() {
        ByteBuffer count = ByteBuffer.allocateDirect(8);
        boolean again = false;
        while (!ended || !tasks.isEmpty()) {
            for (int fd : watched) {
                try {
                    if (PosixFile.poll(fd, PosixFile.POLLIN, 0) != 0) {
                        PosixFile.read(fd, count.clear());
                    } else if (!again && tasks.isEmpty()) {
                        LockSupport.parkNanos(NAP_NANOS);
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
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
        watched.add(fd);
    }

    /** Subscribes on the loop. */
    public <T> Mono<T> on(Mono<T> mono) {
        return mono.subscribeOn(scheduler);
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
