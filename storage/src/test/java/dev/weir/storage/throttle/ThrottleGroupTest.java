package dev.weir.storage.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.storage.NodeOptions;
import dev.weir.storage.spi.OptionReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.publisher.Sinks;

class ThrottleGroupTest {
    private static final Percentage ONE_PERCENT = Percentage.withPercentage(1);

    private final VirtualTimer timer = new VirtualTimer();
    private final List<String> done = new ArrayList<>();

    @Test
    void withoutLimitsARequestIsPassedAsItIs() {
        ThrottleMember member = group("").join();
        Mono<Void> io = Mono.empty();
        assertThat(member.throttle(false, 4096, io)).isSameAs(io);
        assertThat(member.throttle(true, 4096, io)).isSameAs(io);
    }

    @Test
    void limitsOfWritesAreNothingToReads() {
        ThrottleMember member = group("bps-write=1").join();
        Mono<Void> io = Mono.empty();
        assertThat(member.throttle(false, 4096, io)).isSameAs(io);
        assertThat(member.throttle(true, 4096, io)).isNotSameAs(io);
    }

    @Test
    void requestsPassAtTheirRate() {
        ThrottleMember member = group("iops-total=100").join();
        submit(member, 2000, "r", false, 4096);
        timer.advance(Duration.ofSeconds(1));
        int before = done.size();
        timer.advance(Duration.ofSeconds(10));
        assertThat(done.size() - before).isCloseTo(1000, ONE_PERCENT);
    }

    @Test
    void bytesPassAtTheirRate() {
        ThrottleMember member = group("bps-read=1000000").join();
        submit(member, 1000, "r", false, 65_536);
        timer.advance(Duration.ofSeconds(1));
        int before = done.size();
        timer.advance(Duration.ofSeconds(30));
        assertThat((done.size() - before) * 65_536L).isCloseTo(30_000_000L, ONE_PERCENT);
    }

    /** The times are those of qemu-io 11.1, one read after the other. */
    @ParameterizedTest
    @CsvSource({
        "'iops-total=10', 31, 512, 2900",
        "'iops-total=10,limits.iops-total-max=20', 31, 512, 1000",
        "'iops-total=10,limits.iops-total-max=20,limits.iops-total-max-length=2', 71, 512, 3400",
        "'iops-total=20,limits.iops-size=512', 21, 1024, 1900",
        "'bps-total=10240', 11, 10240, 9900",
    })
    void takesAsLongAsQemu(String options, int requests, int bytes, long milliseconds) {
        submit(group(options).join(), requests, "r", false, bytes);
        timer.advance(Duration.ofMillis(milliseconds - 10));
        assertThat(done).hasSizeLessThan(requests);
        timer.advance(Duration.ofMillis(20));
        assertThat(done).hasSize(requests);
    }

    @Test
    void membersShareTheRate() {
        ThrottleGroup group = group("iops-write=100");
        for (int i = 0; i < 4; i++) {
            submit(group.join(), 1000, "m" + i, true, 512);
        }
        timer.advance(Duration.ofSeconds(1));
        done.clear();
        timer.advance(Duration.ofSeconds(8));
        assertThat(done.size()).isCloseTo(800, ONE_PERCENT);
        for (int i = 0; i < 4; i++) {
            assertThat(Collections.frequency(done, "m" + i)).isCloseTo(200, ONE_PERCENT);
        }
    }

    @Test
    void aTenthOfASecondPassesAtOnce() {
        ThrottleMember member = group("iops-total=100").join();
        submit(member, 50, "r", false, 512);
        // The request that fills the bucket to the brim is not the last one: the next one runs it over.
        assertThat(done).hasSize(11);
    }

    @Test
    void aBurstPassesAtOnceAndThenTheAverage() {
        ThrottleMember member =
                group("iops-total=100,limits.iops-total-max=1000").join();
        submit(member, 5000, "r", false, 512);
        assertThat(done).hasSize(1001);
        timer.advance(Duration.ofSeconds(10));
        assertThat(done.size() - 1001).isCloseTo(1000, ONE_PERCENT);
    }

    @Test
    void aLongBurstPassesAtTheBurstRateAndThenTheAverage() {
        ThrottleMember member = group("iops-total=100,limits.iops-total-max=1000,limits.iops-total-max-length=10")
                .join();
        submit(member, 30_000, "r", false, 512);
        assertThat(done).hasSize(101);
        timer.advance(Duration.ofSeconds(10));
        assertThat(done.size() - 101).isCloseTo(10_000, ONE_PERCENT);
        timer.advance(Duration.ofSeconds(5));
        int before = done.size();
        timer.advance(Duration.ofSeconds(10));
        assertThat(done.size() - before).isCloseTo(1000, ONE_PERCENT);
    }

    @Test
    void anIdleGroupMayBurstAgain() {
        ThrottleMember member =
                group("iops-total=100,limits.iops-total-max=1000").join();
        submit(member, 1001, "r", false, 512);
        timer.advance(Duration.ofSeconds(11));
        done.clear();
        submit(member, 3000, "r", false, 512);
        assertThat(done).hasSize(1001);
    }

    @Test
    void largeRequestsCountAsSeveral() {
        ThrottleMember member = group("iops-total=100,limits.iops-size=4096").join();
        submit(member, 1000, "r", false, 5 * 4096);
        timer.advance(Duration.ofSeconds(1));
        int before = done.size();
        timer.advance(Duration.ofSeconds(20));
        assertThat(done.size() - before).isCloseTo(400, ONE_PERCENT);
    }

    @Test
    void waitingMembersTakeTurns() {
        ThrottleGroup group = group("iops-total=10");
        ThrottleMember greedy = group.join();
        submit(greedy, 2, "-", true, 512);
        submit(greedy, 5, "a", true, 512);
        submit(group.join(), 2, "b", true, 512);
        submit(group.join(), 1, "c", true, 512);
        timer.advance(Duration.ofSeconds(2));
        assertThat(String.join("", done)).isEqualTo("--abcabaaa");
    }

    @Test
    void readsAndWritesTakeTurns() {
        ThrottleMember member = group("iops-total=10").join();
        submit(member, 2, "-", true, 512);
        submit(member, 4, "r", false, 512);
        submit(member, 2, "w", true, 512);
        timer.advance(Duration.ofSeconds(2));
        assertThat(String.join("", done)).isEqualTo("--rwrwrr");
    }

    @Test
    void readsDoNotWaitForWritesThatHaveALimitOfTheirOwn() {
        ThrottleMember member = group("bps-write=1000,limits.iops-read=100000").join();
        submit(member, 3, "w", true, 4096);
        submit(member, 2, "r", false, 4096);
        assertThat(done).containsExactly("w", "r", "r");
    }

    @Test
    void newLimitsLetWaitingRequestsGo() {
        ThrottleGroup group = group("iops-total=1");
        submit(group.join(), 5, "r", false, 512);
        assertThat(done).hasSize(1);
        assertThat(group.waiting()).isEqualTo(4);

        group.setLimits(ThrottleLimits.NONE);
        timer.settle();

        assertThat(done).hasSize(5);
        assertThat(group.waiting()).isZero();
        assertThat(timer.scheduled()).isZero();
    }

    @Test
    void newLimitsHoldForRequestsThatWait() {
        ThrottleGroup group = group("iops-total=1");
        submit(group.join(), 3000, "r", false, 512);
        group.setLimits(limits("iops-total=200"));
        timer.advance(Duration.ofSeconds(1));
        int before = done.size();
        timer.advance(Duration.ofSeconds(10));
        assertThat(done.size() - before).isCloseTo(2000, ONE_PERCENT);
    }

    @Test
    void aRequestThatIsCancelledWhileItWaitsIsNeverMade() {
        ThrottleGroup group = group("iops-total=10");
        ThrottleMember member = group.join();
        submit(member, 2, "-", false, 512);
        Disposable cancelled = submit(member, "cancelled", false);
        submit(member, 1, "r", false, 512);

        cancelled.dispose();

        assertThat(group.waiting()).isEqualTo(1);
        timer.advance(Duration.ofMillis(101));
        assertThat(done).containsExactly("-", "-", "r");
        submit(member, 1, "later", false, 512);
        timer.advance(Duration.ofMillis(101));
        assertThat(done).endsWith("later");
    }

    @Test
    void nothingIsTimedWhenAllThatWaitedWasCancelled() {
        ThrottleGroup group = group("iops-total=10");
        ThrottleMember member = group.join();
        submit(member, 2, "-", false, 512);
        submit(member, "cancelled", false).dispose();
        assertThat(group.waiting()).isZero();
        assertThat(timer.scheduled()).isZero();
    }

    @Test
    void aRequestThatWasLetGoEndsWhateverIsCancelled() {
        ThrottleMember member = group("iops-total=10").join();
        submit(member, 2, "-", false, 512);
        Sinks.Empty<Void> io = Sinks.empty();
        var subscriber = new Listening();
        member.throttle(false, 512, io.asMono()).subscribe(subscriber);
        timer.advance(Duration.ofSeconds(1));
        subscriber.subscription.cancel();
        assertThat(done).containsExactly("-", "-");
        io.tryEmitEmpty();
        assertThat(done).containsExactly("-", "-", "complete");
    }

    @Test
    void aSubscriberThatFailsDoesNotKeepOthersWaiting() {
        ThrottleGroup group = group("iops-total=1");
        ThrottleMember member = group.join();
        submit(member, 1, "first", false, 512);
        member.throttle(false, 512, Mono.empty()).subscribe(nothing -> {}, failure -> {}, () -> {
            throw new IllegalStateException("from the subscriber");
        });
        submit(member, 1, "second", false, 512);
        group.setLimits(ThrottleLimits.NONE);
        timer.settle();
        assertThat(done).containsExactly("first", "second");
    }

    @Test
    void failuresReachTheSubscriber() {
        ThrottleMember member = group("iops-total=1").join();
        submit(member, 1, "first", false, 512);
        member.throttle(false, 512, Mono.error(new IllegalStateException("broken")))
                .subscribe(nothing -> {}, failure -> done.add(failure.getMessage()));
        timer.advance(Duration.ofSeconds(2));
        assertThat(done).containsExactly("first", "broken");
    }

    @Test
    void waitsThatAreLongerThanTimeDoNotOverflow() {
        ThrottleGroup group = group("bps-write=1");
        ThrottleMember member = group.join();
        submit(member, 2, "huge", true, ThrottleLimits.MAX_VALUE * 1000);
        timer.advance(Duration.ofDays(10));
        assertThat(done).hasSize(1);
        assertThat(group.waiting()).isEqualTo(1);
    }

    @Test
    void drainedMembersDoNotWaitButCount() {
        ThrottleGroup group = group("iops-total=10");
        ThrottleMember drained = group.join();
        ThrottleMember other = group.join();
        submit(drained, 2, "-", false, 512);
        submit(drained, 10, "d", false, 512);
        submit(other, 1, "o", false, 512);

        drained.drainedBegin();
        timer.settle();

        assertThat(Collections.frequency(done, "d")).isEqualTo(10);
        submit(drained, 10, "e", false, 512);
        assertThat(Collections.frequency(done, "e")).isEqualTo(10);
        assertThat(done).doesNotContain("o");

        drained.drainedEnd();
        submit(drained, 1, "f", false, 512);
        timer.advance(Duration.ofMillis(2000));
        assertThat(done).doesNotContain("o", "f");
        timer.advance(Duration.ofMillis(400));
        assertThat(done).endsWith("o", "f");
    }

    @Test
    void aDrainThatBeginsWhileARequestIsOnItsWayLetsItGo() {
        ThrottleMember member = group("iops-total=1").join();
        submit(member, 1, "first", false, 512);
        member.throttle(false, 512, Mono.empty()).subscribe(new Listening() {
            @Override
            public void onSubscribe(Subscription given) {
                member.drainedBegin();
            }
        });
        timer.settle();
        assertThat(done).containsExactly("first", "complete");
    }

    @Test
    void aRequestThatIsCancelledOnItsWayNeverWaits() {
        ThrottleGroup group = group("iops-total=1");
        ThrottleMember member = group.join();
        submit(member, 1, "first", false, 512);
        member.throttle(false, 512, Mono.empty()).subscribe(new Listening() {
            @Override
            public void onSubscribe(Subscription given) {
                given.cancel();
            }
        });
        assertThat(group.waiting()).isZero();
    }

    private void submit(ThrottleMember member, int times, String name, boolean write, long bytes) {
        for (int i = 0; i < times; i++) {
            submit(member, name, write, bytes);
        }
    }

    private Disposable submit(ThrottleMember member, String name, boolean write) {
        return submit(member, name, write, 512);
    }

    private Disposable submit(ThrottleMember member, String name, boolean write, long bytes) {
        return member.throttle(write, bytes, Mono.<Void>fromRunnable(() -> done.add(name)))
                .subscribe(nothing -> {}, failure -> done.add("failed"));
    }

    private ThrottleGroup group(String options) {
        return new ThrottleGroups(timer).create("g", limits(options));
    }

    private static ThrottleLimits limits(String options) {
        return ThrottleLimits.NONE.with(
                new OptionReader(NodeOptions.parse(options.isEmpty() ? "" : "limits." + options)));
    }

    /** Hears of ends also after it cancelled. */
    private class Listening implements CoreSubscriber<Void> {
        private Subscription subscription = Operators.emptySubscription();

        @Override
        public void onSubscribe(Subscription given) {
            subscription = given;
            given.request(1);
        }

        @Override
        public void onNext(Void nothing) {}

        @Override
        public void onError(Throwable failure) {
            done.add("failed");
        }

        @Override
        public void onComplete() {
            done.add("complete");
        }
    }
}
