package dev.weir.storage.file;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Runs at most one sync at a time; whoever comes meanwhile shares the next one. More than thrift: the kernel reports an
 * error of writing back once for an open file, so of two syncs at a time one could succeed although data was lost. The
 * first failure is kept for ever, for the same reason.
 */
final class FlushQueue implements FileEngine.SyncHandler {
    /** Who waits for a sync that starts after it asked. */
    interface Waiter {
        /** The end of that sync; called on the pool, on a loop, or on the thread that asked where there is nothing to do. */
        void flushed(@Nullable Throwable failure);
    }

    private final FileEngine engine;
    private final InlineTransfers inline;
    private final Executor pool;

    // Guarded by this.
    private List<Waiter> waiting = new ArrayList<>();
    private List<Waiter> served = new ArrayList<>();
    private @Nullable Throwable failure;
    private boolean running;

    /** @param inline whose writes a sync would keep waiting */
    FlushQueue(FileEngine engine, InlineTransfers inline, Executor pool) {
        this.engine = engine;
        this.inline = inline;
        this.pool = pool;
    }

    /** Does not block. */
    void add(Waiter waiter) {
        Throwable failed;
        boolean start = false;
        synchronized (this) {
            failed = failure;
            if (failed == null) {
                waiting.add(waiter);
                start = !running;
                running = true;
            }
        }
        if (failed != null) {
            waiter.flushed(failed);
        } else if (start) {
            inline.enterExclusive();
            start();
        }
    }

    private void start() {
        try {
            if (!engine.trySync(this)) {
                pool.execute(this::run);
            }
        } catch (Throwable e) {
            serve();
            synced(e);
        }
    }

    private void run() {
        serve();
        Throwable result = null;
        try {
            engine.sync();
        } catch (Throwable e) {
            result = e;
        }
        synced(result);
    }

    /** The sync starts now: whoever waits is served by it. */
    @Override
    public synchronized void serve() {
        // Twice where the first way to sync was not to be had.
        served.addAll(takeAll());
    }

    private List<Waiter> takeAll() {
        List<Waiter> taken = waiting;
        waiting = new ArrayList<>();
        return taken;
    }

    @Override
    public void synced(@Nullable Throwable result) {
        List<Waiter> told;
        List<Waiter> doomed = List.of();
        boolean again = false;
        synchronized (this) {
            told = served;
            served = new ArrayList<>();
            if (result != null) {
                failure = result;
                doomed = takeAll();
            }
            again = !waiting.isEmpty();
            running = again;
        }
        // The next sync starts before anyone hears of this one, and never waits for a subscriber.
        if (again) {
            start();
        } else {
            inline.leaveExclusive();
        }
        tell(told, result);
        tell(doomed, result);
    }

    private static void tell(List<Waiter> waiters, @Nullable Throwable result) {
        for (Waiter waiter : waiters) {
            try {
                waiter.flushed(result);
            } catch (RuntimeException | Error e) {
                // A subscriber that throws must not keep the others from hearing.
                Operators.onErrorDropped(e, Context.empty());
            }
        }
    }
}
