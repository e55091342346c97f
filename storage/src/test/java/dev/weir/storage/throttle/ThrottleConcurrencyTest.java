package dev.weir.storage.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.storage.throttle.ThrottleLimits.Rate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** With the real timer. */
class ThrottleConcurrencyTest {
    private static final int THREADS = 4;
    private static final int REQUESTS = 1_000;

    private final ThrottleGroups groups = new ThrottleGroups();

    @Test
    void noRequestIsLostOrMadeTwiceWhateverTheOthersDo() throws Exception {
        ThrottleGroup group = groups.create("g", iops(10_000));
        var made = new AtomicInteger();
        var ended = new CountDownLatch(THREADS * REQUESTS);
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < THREADS; t++) {
            ThrottleMember member = group.join();
            var thread = new Thread(() -> {
                for (int i = 0; i < REQUESTS; i++) {
                    member.throttle(i % 2 == 0, 512, Mono.<Void>fromRunnable(made::incrementAndGet))
                            .subscribe(nothing -> {}, failure -> {}, ended::countDown);
                    member.throttle(i % 2 == 0, 512, Mono.empty())
                            .subscribe(nothing -> {}, failure -> {})
                            .dispose();
                    if (i % 100 == 0) {
                        member.drainedBegin();
                        member.drainedEnd();
                        group.setLimits(iops(10_000 + i));
                    }
                }
            });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(ended.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(made).hasValue(THREADS * REQUESTS);
        assertThat(group.waiting()).isZero();
    }

    @Test
    void waitingRequestsGoOnOnADaemonThread() throws Exception {
        ThrottleMember member = groups.create("g", iops(20)).join();
        List<Thread> threads = new ArrayList<>();
        var ended = new CountDownLatch(4);
        for (int i = 0; i < 4; i++) {
            member.throttle(true, 512, Mono.<Void>fromRunnable(() -> threads.add(Thread.currentThread())))
                    .subscribe(nothing -> {}, failure -> {}, ended::countDown);
        }
        assertThat(ended.await(10, TimeUnit.SECONDS)).isTrue();
        Thread last = threads.get(3);
        assertThat(last).isNotSameAs(Thread.currentThread());
        assertThat(last.isDaemon()).isTrue();
        assertThat(last.getName()).isEqualTo("weir-throttle");
    }

    private static ThrottleLimits iops(long total) {
        return new ThrottleLimits(Rate.NONE, Rate.NONE, Rate.NONE, Rate.of(total), Rate.NONE, Rate.NONE, 0);
    }
}
