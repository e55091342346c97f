package dev.weir.storage.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BlockingPoolTest {
    private final BlockingPool pool = new BlockingPool(4);

    @AfterEach
    void close() {
        pool.close();
    }

    @Test
    void aTaskGoesToTheThreadThatWentIdleLast() throws Exception {
        occupyAllThreads();
        Thread last = idleAfter(pool, thread());

        Set<Thread> used = new HashSet<>();
        for (int i = 0; i < 20; i++) {
            used.add(idleAfter(pool, thread()));
        }

        assertThat(used).containsExactly(last);
    }

    @Test
    void runsNoMoreThanItsSizeAtATimeAndAllOfThem() throws Exception {
        var running = new AtomicInteger();
        var most = new AtomicInteger();
        var done = new CountDownLatch(2000);
        var submitters = new Thread[2];
        for (int s = 0; s < submitters.length; s++) {
            submitters[s] = new Thread(() -> {
                for (int i = 0; i < 1000; i++) {
                    pool.execute(() -> {
                        most.accumulateAndGet(running.incrementAndGet(), Math::max);
                        Thread.onSpinWait();
                        running.decrementAndGet();
                        done.countDown();
                    });
                }
            });
            submitters[s].start();
        }

        assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(most.get()).isBetween(1, 4);
    }

    @Test
    void tasksBeyondItsSizeRunInTheirOrder() throws Exception {
        var gate = new CountDownLatch(1);
        var single = new BlockingPool(1);
        var order = new StringBuffer();
        single.execute(() -> awaitQuietly(gate));
        single.execute(() -> order.append('a'));
        single.execute(() -> order.append('b'));
        var last = new CompletableFuture<Void>();
        single.execute(() -> last.complete(null));

        gate.countDown();

        last.get(10, TimeUnit.SECONDS);
        assertThat(order).hasToString("ab");
        single.close();
    }

    @Test
    void goesOnAfterATaskThatFailsOrInterruptsItsThread() throws Exception {
        var single = new BlockingPool(1);
        var failed = new CompletableFuture<Throwable>();
        single.execute(() -> {
            Thread.currentThread().setUncaughtExceptionHandler((thread, failure) -> failed.complete(failure));
            throw new IllegalStateException("of the task");
        });
        single.execute(() -> Thread.currentThread().interrupt());

        assertThat(failed.get(10, TimeUnit.SECONDS)).hasMessage("of the task");
        assertThat(idleAfter(single, thread())).isSameAs(idleAfter(single, thread()));
        single.close();
    }

    @Test
    void aThreadThatIsIdleForLongEnds() throws Exception {
        var impatient = new BlockingPool(1, Duration.ofMillis(1));
        CompletableFuture<Thread> first = thread();
        impatient.execute(() -> first.complete(Thread.currentThread()));
        Thread ended = first.get(10, TimeUnit.SECONDS);

        ended.join(10_000);

        assertThat(ended.isAlive()).isFalse();
        CompletableFuture<Thread> second = thread();
        impatient.execute(() -> second.complete(Thread.currentThread()));
        assertThat(second.get(10, TimeUnit.SECONDS)).isNotSameAs(ended);
        impatient.close();
    }

    @Test
    void closedItRunsWhatItAcceptedRefusesMoreAndEndsItsThreads() throws Exception {
        var gate = new CountDownLatch(1);
        var single = new BlockingPool(1);
        CompletableFuture<Thread> accepted = thread();
        single.execute(() -> awaitQuietly(gate));
        single.execute(() -> accepted.complete(Thread.currentThread()));

        single.close();
        gate.countDown();

        Thread worker = accepted.get(10, TimeUnit.SECONDS);
        assertThatExceptionOfType(RejectedExecutionException.class).isThrownBy(() -> single.execute(() -> {}));
        worker.join(10_000);
        assertThat(worker.isAlive()).isFalse();
    }

    @Test
    void closedItEndsIdleThreads() throws Exception {
        Thread idle = idleAfter(pool, thread());

        pool.close();

        idle.join(10_000);
        assertThat(idle.isAlive()).isFalse();
    }

    @Test
    void aThreadThatCannotBeStartedTakesNoPlace() throws Exception {
        var failures = new AtomicInteger(2);
        var single = new BlockingPool(1, Duration.ofSeconds(10), thread -> startUnless(failures, thread));

        for (int i = 0; i < 2; i++) {
            assertThatExceptionOfType(BlockException.class)
                    .isThrownBy(() -> single.execute(() -> {}))
                    .returns(BlockErrorKind.NO_MEMORY, BlockException::kind);
        }

        assertThat(idleAfter(single, thread())).isNotNull();
        single.close();
    }

    @Test
    void whereNoThreadCanBeStartedThoseThatThereAreDoTheWork() throws Exception {
        var failures = new AtomicInteger();
        var limited = new BlockingPool(4, Duration.ofSeconds(10), thread -> startUnless(failures, thread));
        var gate = new CountDownLatch(1);
        CompletableFuture<Thread> first = thread();
        limited.execute(() -> {
            first.complete(Thread.currentThread());
            awaitQuietly(gate);
        });
        failures.set(1);
        CompletableFuture<Thread> second = thread();

        limited.execute(() -> second.complete(Thread.currentThread()));
        gate.countDown();

        assertThat(second.get(10, TimeUnit.SECONDS)).isSameAs(first.get());
        limited.close();
    }

    @Test
    void goesOnWhereTheHandlerOfUncaughtExceptionsFails() throws Exception {
        var single = new BlockingPool(1);
        single.execute(() -> {
            Thread.currentThread().setUncaughtExceptionHandler((thread, failure) -> {
                throw new IllegalStateException("of the handler");
            });
            throw new IllegalStateException("of the task");
        });

        assertThat(idleAfter(single, thread())).isNotNull();
        single.close();
    }

    private static void startUnless(AtomicInteger failures, Thread thread) {
        if (failures.getAndDecrement() > 0) {
            throw new OutOfMemoryError("unable to create native thread");
        }
        thread.start();
    }

    private void occupyAllThreads() throws Exception {
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        var all = new CountDownLatch(4);
        for (int i = 0; i < 4; i++) {
            pool.execute(() -> {
                threads.add(Thread.currentThread());
                all.countDown();
                awaitQuietly(all);
            });
        }
        assertThat(all.await(10, TimeUnit.SECONDS)).isTrue();
        for (Thread thread : threads) {
            awaitIdle(thread);
        }
        assertThat(threads).hasSize(4);
    }

    private static CompletableFuture<Thread> thread() {
        return new CompletableFuture<>();
    }

    /** Runs a task and returns its thread when that waits for the next one. */
    private static Thread idleAfter(BlockingPool pool, CompletableFuture<Thread> task) throws Exception {
        pool.execute(() -> task.complete(Thread.currentThread()));
        Thread thread = task.get(10, TimeUnit.SECONDS);
        awaitIdle(thread);
        return thread;
    }

    private static void awaitIdle(Thread thread) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (thread.getState() != Thread.State.TIMED_WAITING && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        assertThat(thread.getState()).isEqualTo(Thread.State.TIMED_WAITING);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
