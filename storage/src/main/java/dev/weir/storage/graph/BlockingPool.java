package dev.weir.storage.graph;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Daemon threads {@code weir-file-N} for calls that block; idle ones end after a while. Its queue takes tasks without a
 * lock, because event loops hand them in.
 */
final class BlockingPool implements Executor {
    private static final long IDLE_SECONDS = 10;

    private final AtomicInteger started = new AtomicInteger();
    private final ThreadPoolExecutor threads;

    BlockingPool(int size) {
        threads = new ThreadPoolExecutor(
                size, size, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedTransferQueue<>(), task -> {
                    var thread = new Thread(task, "weir-file-" + started.getAndIncrement());
                    thread.setDaemon(true);
                    return thread;
                });
        threads.allowCoreThreadTimeOut(true);
    }

    @Override
    public void execute(Runnable task) {
        threads.execute(task);
    }

    /** Tasks that were accepted still run. */
    void close() {
        threads.shutdown();
    }
}
