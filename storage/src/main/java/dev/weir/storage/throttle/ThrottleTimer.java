package dev.weir.storage.throttle;

import dev.weir.posix.PosixScheduling;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import reactor.core.Disposable;

/** The time, and what runs when it has come. */
interface ThrottleTimer {
    /** Monotonic, from an arbitrary origin. */
    long nanoTime();

    /** Never runs {@code task} on the caller's thread; disposing of it never interrupts it. */
    Disposable schedule(Runnable task, long delayNanos);

    /** A daemon thread {@code weir-throttle} that is there while it is needed. */
    static ThrottleTimer system() {
        var executor = new ScheduledThreadPoolExecutor(1, task -> {
            var thread = new Thread(
                    () -> {
                        PosixScheduling.batchLikeProcess();
                        task.run();
                    },
                    "weir-throttle");
            thread.setDaemon(true);
            return thread;
        });
        executor.setRemoveOnCancelPolicy(true);
        executor.setKeepAliveTime(10, TimeUnit.SECONDS);
        executor.allowCoreThreadTimeOut(true);
        return new ThrottleTimer() {
            @Override
            public long nanoTime() {
                return System.nanoTime();
            }

            @Override
            public Disposable schedule(Runnable task, long delayNanos) {
                // Not to interrupt matters: an interrupted thread closes the file channels that it uses.
                Future<?> scheduled = executor.schedule(task, delayNanos, TimeUnit.NANOSECONDS);
                return () -> scheduled.cancel(false);
            }
        };
    }
}
