package dev.weir.storage.graph;

import dev.weir.posix.PosixScheduling;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
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
    private final Consumer<Thread> starter;

    /** Held while a thread starts. One at a time: a task must not queue up behind a thread that then fails to start. */
    private final Object starting = new Object();

    // Guarded by starting.
    private int started;

    // Guarded by this; held for a few instructions, since event loops come here.
    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final Deque<Worker> idle;
    /** Those that have started and not ended; a queued task is in the care of one of them. */
    private int threads;

    private boolean closed;

    /** @param size most threads at a time */
    BlockingPool(int size) {
        this(size, IDLE);
    }

    BlockingPool(int size, Duration idle) {
        this(size, idle, Thread::start);
    }

    /** @param starter starts a thread, or throws */
    BlockingPool(int size, Duration idle, Consumer<Thread> starter) {
        this.size = size;
        this.idleNanos = idle.toNanos();
        this.starter = starter;
        this.idle = new ArrayDeque<>(size);
    }

    /**
     * Where another thread cannot be had, those that there are do the work.
     *
     * @throws RejectedExecutionException when the pool is closed
     * @throws BlockException of kind {@link BlockErrorKind#NO_MEMORY} when there is no thread and none can be started
     */
    @Override
    public void execute(Runnable task) {
        if (!accepted(task, size)) {
            startFor(task);
        }
    }

    /** Hands the task to an idle thread or, where there are {@code enough} threads, to the queue. */
    private boolean accepted(Runnable task, int enough) {
        Worker worker;
        synchronized (this) {
            if (closed) {
                throw new RejectedExecutionException("the pool is closed");
            }
            worker = idle.poll();
            if (worker == null) {
                return threads >= enough && tasks.add(task);
            }
            worker.task = task;
        }
        LockSupport.unpark(worker);
        return true;
    }

    private void startFor(Runnable task) {
        synchronized (starting) {
            if (accepted(task, size)) {
                return;
            }
            try {
                var worker = new Worker("weir-file-" + started++);
                worker.task = task;
                starter.accept(worker);
            } catch (Throwable failure) {
                if (!accepted(task, 1)) {
                    throw BlockException.of(
                            BlockErrorKind.NO_MEMORY, "No thread could be started for a call that blocks", failure);
                }
                return;
            }
            synchronized (this) {
                threads++;
            }
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
            PosixScheduling.batchLikeProcess();
            for (Runnable next = task; next != null; next = next()) {
                task = null;
                try {
                    next.run();
                } catch (Throwable e) {
                    report(e);
                }
            }
        }

        private void report(Throwable failure) {
            try {
                getUncaughtExceptionHandler().uncaughtException(this, failure);
            } catch (Throwable e) {
                // As the virtual machine does; the thread goes on, or its place in the pool would be lost.
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
