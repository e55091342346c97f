package dev.weir.storage.qcow2;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/**
 * How long a randomized test may take: some seconds in every build, and as long as {@code weir.qcow2.seconds} says. The seeds
 * begin at {@code weir.qcow2.seed}, so that a build can have others than the one before.
 */
final class Budget {
    private final long end;
    private final long least;
    private final AtomicLong next = new AtomicLong();
    private final long first = Long.getLong("weir.qcow2.seed", 1) * 1_000_003;

    /**
     * @param seconds in every build; {@code weir.it.long} makes it twenty times as long
     * @param least how many runs there are in any case
     */
    Budget(int seconds, long least) {
        int factor = Boolean.getBoolean("weir.it.long") ? 20 : 1;
        this.end = System.nanoTime() + Long.getLong("weir.qcow2.seconds", (long) seconds * factor) * 1_000_000_000L;
        this.least = least;
    }

    /** Makes runs, each with a number and so a seed of its own, on all processors, until the time is over or one fails. */
    void spend(LongConsumer run) throws InterruptedException {
        int threads = Math.min(4, Runtime.getRuntime().availableProcessors());
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Callable<Void>> workers = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                workers.add(() -> {
                    work(run);
                    return null;
                });
            }
            for (Future<Void> worker : pool.invokeAll(workers)) {
                worker.get();
            }
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause().getMessage(), e.getCause());
        } finally {
            pool.shutdownNow();
        }
    }

    private void work(LongConsumer run) {
        while (true) {
            long number = next.getAndIncrement();
            if (number >= least && System.nanoTime() > end) {
                return;
            }
            try {
                run.accept(number);
            } catch (Throwable failure) {
                next.set(Long.MAX_VALUE / 2);
                throw failure;
            }
        }
    }

    /** The seed of the run of that number. */
    long seed(long number) {
        return first + number;
    }
}
