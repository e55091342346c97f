package dev.weir.storage.graph;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Daemon threads {@code weir-file-N} for calls that block. A task goes to the thread that went idle last: few requests in
 * flight then stay on few threads, on the same cores and in their caches; threads that take turns, as those of
 * {@link java.util.concurrent.ThreadPoolExecutor} do, halve the rate of large reads. Threads that are idle for long end.
 */
final class BlockingPool implements Executor {
    private static final Duration IDLE = Duration.ofSeconds(10);
    private static final Runnable NOTHING = () -> {};

    private final int size;
    private final long idleNanos;

    // Guarded by this; held for a few instructions, since event loops come here.
    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final Deque<Worker> idle = new ArrayDeque<>();
    private int threads;
    private int started;
    private boolean closed;

    /** @param size most threads at a time */
    BlockingPool(int size) {
        this(size, IDLE);
    }

    BlockingPool(int size, Duration idle) {
        this.size = size;
        this.idleNanos = idle.toNanos();
    }

    /** @throws RejectedExecutionException when the pool is closed */
    @Override
    public void execute(Runnable task) {
        Worker worker;
        boolean fresh;
        synchronized (this) {
            if (closed) {
                throw new RejectedExecutionException("the pool is closed");
            }
            worker = idle.poll();
            fresh = worker == null;
            if (worker == null) {
                if (threads == size) {
                    tasks.add(task);
                    return;
                }
                threads++;
                worker = new Worker("weir-file-" + started++);
            }
            worker.task = task;
        }
        if (fresh) {
            worker.start();
        } else {
            LockSupport.unpark(worker);
        }
    }

    /** Tasks that were accepted still run. */
    void close() {
        List<Worker> woken;
        synchronized (this) {
            closed = true;
            woken = new ArrayList<>(idle);
            idle.clear();
            woken.forEach(worker -> worker.task = NOTHING);
        }
        woken.forEach(LockSupport::unpark);
    }

    /** A thread, idle exactly while it has no task and stands in {@link #idle}. */
    private final class Worker extends Thread {
        private volatile @Nullable Runnable task;

        Worker(String name) {
            super(name);
            setDaemon(true);
        }

        @Override
        public void run() {
            for (Runnable next = task; next != null; next = next()) {
                task = null;
                try {
                    next.run();
                } catch (Throwable e) {
                    getUncaughtExceptionHandler().uncaughtException(this, e);
                }
            }
        }

        /** Null when the thread is to end. */
        private @Nullable Runnable next() {
            synchronized (BlockingPool.this) {
                Runnable waiting = tasks.poll();
                if (waiting != null || closed) {
                    threads -= waiting == null ? 1 : 0;
                    return waiting;
                }
                idle.push(this);
            }
            long end = System.nanoTime() + idleNanos;
            Runnable given = task;
            while (given == null) {
                // An interrupt that a task left behind would keep the thread from parking.
                interrupted();
                long left = end - System.nanoTime();
                if (left <= 0 && retired()) {
                    return null;
                }
                LockSupport.parkNanos(BlockingPool.this, left);
                given = task;
            }
            return given;
        }

        private boolean retired() {
            synchronized (BlockingPool.this) {
                boolean retired = task == null && idle.remove(this);
                threads -= retired ? 1 : 0;
                return retired;
            }
        }
    }
}
