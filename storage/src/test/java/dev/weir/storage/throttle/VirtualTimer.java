package dev.weir.storage.throttle;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Queue;
import reactor.core.Disposable;

/** Time that passes when the test says so. */
final class VirtualTimer implements ThrottleTimer {
    private record Task(long time, Runnable body) {}

    private final Queue<Task> tasks = new PriorityQueue<>(Comparator.comparingLong(Task::time));

    /** About to overflow, as the real one may be. */
    private final long origin = Long.MAX_VALUE - 5_000_000_000L;

    private long elapsed;

    @Override
    public long nanoTime() {
        return origin + elapsed;
    }

    @Override
    public Disposable schedule(Runnable task, long delayNanos) {
        var scheduled = new Task(elapsed + delayNanos, task);
        tasks.add(scheduled);
        return () -> tasks.remove(scheduled);
    }

    /** Runs what is due by then, in its order. */
    void advance(Duration time) {
        long end = elapsed + time.toNanos();
        for (Task next = tasks.peek(); next != null && next.time <= end; next = tasks.peek()) {
            tasks.remove();
            elapsed = Math.max(elapsed, next.time);
            next.body.run();
        }
        elapsed = end;
    }

    /** Runs what is due now. */
    void settle() {
        advance(Duration.ZERO);
    }

    int scheduled() {
        return tasks.size();
    }
}
