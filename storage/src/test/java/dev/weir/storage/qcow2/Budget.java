package dev.weir.storage.qcow2;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;

/**
 * How long a randomized test may take: some seconds in every build, and as long as {@code weir.qcow2.seconds} says. The seeds
 * begin at {@code weir.qcow2.seed}, so that a build can have others than the one before.
 */
final class Budget {
    private final long seconds;
    private final long end;
    private final BooleanSupplier enough;
    private final AtomicLong next = new AtomicLong();
    private volatile boolean failed;
    private final long first = Long.getLong("weir.qcow2.seed", 1) * 1_000_003;

    /**
     * @param seconds in every build; {@code weir.it.long} makes it twenty times as long
     * @param enough whether it may end then; the longest that it takes is ten times as long
     */
    Budget(int seconds, BooleanSupplier enough) {
        this.seconds = Long.getLong("weir.qcow2.seconds", seconds * (Boolean.getBoolean("weir.it.long") ? 20L : 1L));
        this.enough = enough;
        this.end = System.nanoTime() + this.seconds * 1_000_000_000L;
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
            long over = System.nanoTime() - end;
            if (failed || over > 9 * seconds * 1_000_000_000L || over > 0 && enough.getAsBoolean()) {
                return;
            }
            try {
                run.accept(number);
            } catch (Throwable failure) {
                failed = true;
                throw failure;
            }
        }
    }

    /** The seed of the run of that number. */
    long seed(long number) {
        return first + number;
    }
}
