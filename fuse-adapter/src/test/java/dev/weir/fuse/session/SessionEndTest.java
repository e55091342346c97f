package dev.weir.fuse.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.fuse.session.FuseSession.End;
import dev.weir.posix.PosixFile;
import dev.weir.posix.PosixSocket;
import dev.weir.storage.BlockErrorKind;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The end of a connection and of a session, in each state in which it may come. */
class SessionEndTest {
    private static final long BUDGET = 64 << 20;

    @RegisterExtension
    final SessionFixture fuse = new SessionFixture();

    private final ControlledDevice device = new ControlledDevice(10_000);
    private final AtomicInteger ends = new AtomicInteger();
    private ScriptedFuseDevice kernel;

    @BeforeEach
    void serve() {
        kernel = fuse.budget(BUDGET, 2).queues(2).serve(device);
        fuse.session().ended().thenAccept(end -> ends.incrementAndGet());
    }

    private void requireEnd(End expected) throws InterruptedException {
        assertThat(SessionFixture.await(fuse.session().ended())).isEqualTo(expected);
        assertThat(fuse.idleTime(0, Duration.ofMillis(100)))
                .as("a loop that spins")
                .isLessThan(Duration.ofMillis(30));
        assertThat(ends).hasValue(1);
    }

    private enum State {
        IDLE,
        BUSY,
        STARVED,
        DRAINED,
        BUSY_AND_DRAINED
    }

    /** Brings the first queue into a state. */
    private void enter(State state) {
        switch (state) {
            case IDLE -> kernel.call(KernelRequest.statfs()).succeeds();
            case BUSY -> hold(1);
            case STARVED -> {
                hold(2);
                SessionFixture.await("paused", () -> {
                    kernel.send(KernelRequest.statfs());
                    return fuse.session().statistics().pauses() > 0;
                });
            }
            case DRAINED -> SessionFixture.await(fuse.backend().drainedBegin().toFuture());
            case BUSY_AND_DRAINED -> {
                hold(1);
                fuse.backend().drainedBegin().subscribe(nothing -> {}, failure -> {});
                fuse.onLoop(0, () -> null);
            }
        }
    }

    private void hold(int requests) {
        device.hold();
        for (int i = 0; i < requests; i++) {
            kernel.send(KernelRequest.write(0, new byte[512]));
        }
        SessionFixture.await("requests in flight", () -> device.held() == requests);
    }

    /** Ends what is in flight: its replies have nowhere to go, which is no error. */
    private void leave(State state) {
        while (device.held() > 0) {
            device.next().complete();
        }
        if (state == State.DRAINED || state == State.BUSY_AND_DRAINED) {
            fuse.backend().drainedEnd();
        }
    }

    @ParameterizedTest
    @EnumSource(value = State.class, mode = EnumSource.Mode.EXCLUDE, names = "STARVED")
    void anUnmountIsNoticedInAnyState(State state) throws InterruptedException {
        enter(state);
        kernel.unmount();

        requireEnd(End.UNMOUNTED);

        leave(state);
        SessionFixture.await("idle", () -> fuse.session().inFlight() == 0);
    }

    @ParameterizedTest
    @EnumSource(State.class)
    void anAbortIsNoticedInAnyState(State state) throws InterruptedException {
        // The unread reply that makes the socket reset.
        kernel.send(KernelRequest.getattr());
        kernel.awaitReply();
        enterWithoutReading(state);
        kernel.close();

        // A full queue is where requests may lie unread before the end.
        assertThat(SessionFixture.await(fuse.session().ended())).isIn(End.ABORTED, End.UNMOUNTED);
        requireEnd(SessionFixture.await(fuse.session().ended()));

        leave(state);
        SessionFixture.await("idle", () -> {
            leave(State.IDLE);
            return fuse.session().inFlight() == 0;
        });
    }

    private void enterWithoutReading(State state) {
        if (state != State.IDLE) {
            enter(state);
        }
    }

    @Test
    void theEndOfOneQueueIsReportedOnce() throws InterruptedException {
        kernel.unmount();
        fuse.kernel(1).unmount();

        requireEnd(End.UNMOUNTED);
    }

    @Test
    void theOtherQueueGoesOnUntilItsOwnEnd() {
        kernel.unmount();
        SessionFixture.await(fuse.session().ended());

        fuse.kernel(1).call(KernelRequest.read(0, 512)).succeeds(512);
    }

    @Test
    void aStreamThatCannotBeTrustedEndsTheConnection() throws InterruptedException {
        hold(1);
        kernel.send(KernelRequest.read(0, 512).claiming(81));
        kernel.send(KernelRequest.statfs());

        requireEnd(End.BROKEN);

        kernel.expectSilence(Duration.ofMillis(20));
        device.next().complete();
        kernel.receive().wrote(512);
    }

    @Test
    void lessThanAHeaderEndsTheConnection() throws InterruptedException {
        kernel.send(KernelRequest.statfs().resized(39));

        requireEnd(End.BROKEN);
    }

    @Test
    void quiescingWaitsForWhatIsInFlightAndTakesNothingOn() {
        hold(1);
        CompletableFuture<Void> idle = fuse.session().quiesce().toCompletableFuture();
        CompletableFuture<Void> again = fuse.session().quiesce().toCompletableFuture();
        // Behind what quiescing has to do on the loops.
        fuse.onLoop(0, () -> null);
        fuse.onLoop(1, () -> null);
        kernel.send(KernelRequest.statfs());
        fuse.kernel(1).send(KernelRequest.statfs());
        kernel.expectSilence(Duration.ofMillis(50));
        assertThat(idle).isNotDone();

        device.next().complete();

        SessionFixture.await(idle);
        SessionFixture.await(again);
        kernel.receive().wrote(512);
        kernel.expectSilence(Duration.ofMillis(20));
        fuse.kernel(1).expectSilence(Duration.ZERO);
        assertThat(fuse.session().inFlight()).isZero();
    }

    @Test
    void closingHangsUp() {
        SessionFixture.await(fuse.session().quiesce());
        SessionFixture.await(fuse.session().close());
        SessionFixture.await(fuse.session().close());

        assertThat(kernel.isHungUp()).isTrue();
        assertThat(fuse.kernel(1).isHungUp()).isTrue();
        assertThat(fuse.memory().allocatedBytes()).isZero();
        assertThat(fuse.session().ended().toCompletableFuture()).isNotDone();
    }

    @Test
    void closingWaitsForWhatIsInFlight() {
        hold(1);
        CompletableFuture<Void> closed = fuse.session().close().toCompletableFuture();
        fuse.onLoop(0, () -> null);
        assertThat(closed).isNotDone();
        assertThat(kernel.isHungUp()).isFalse();

        device.next().complete();

        SessionFixture.await(closed);
        kernel.receive().wrote(512);
        assertThat(kernel.isHungUp()).isTrue();
    }

    /**
     * The number of a descriptor that was given up must not be that of another file while a reply to the old one may come.
     */
    @Test
    void aLateReplyAfterAbandoningReachesNobody() throws Exception {
        hold(2);
        int number = kernel.device().descriptor().intValue();
        SessionFixture.await(fuse.session().abandon());
        assertThat(kernel.isHungUp()).isTrue();
        assertThat(fuse.kernel(1).isHungUp()).isTrue();
        assertThat(fuse.session().unanswered()).hasSize(2);
        long lent = fuse.session().inFlightBytes();
        assertThat(lent).isPositive();

        // Whoever gets descriptors now must not get that number.
        PosixSocket.Pair stranger = PosixSocket.messagePair(true);
        try (var mine = new CloseableFd(stranger.first());
                var theirs = new CloseableFd(stranger.second())) {
            assertThat(mine.fd).isNotEqualTo(number);
            assertThat(theirs.fd).isNotEqualTo(number);
            device.next().complete();
            assertThat(fuse.session().inFlight()).isOne();
            assertThat(fuse.memory().allocatedBytes())
                    .as("somebody may still write to it")
                    .isPositive();
            device.next().complete();
            assertThat(PosixFile.poll(mine.fd, PosixFile.POLLIN, 0)).isZero();
            assertThat(PosixFile.poll(theirs.fd, PosixFile.POLLIN, 0)).isZero();
        }
        SessionFixture.await("all is given back", () -> fuse.memory().allocatedBytes() == 0);
        assertThat(kernel.device().descriptor().isOpen()).isFalse();
    }

    private record CloseableFd(int fd) implements AutoCloseable {
        @Override
        public void close() throws Exception {
            PosixFile.close(fd);
        }
    }

    /** As where a driver of the user's blocks the loop. */
    @Test
    void abandoningEndsTheConnectionAlsoWhereALoopDoesNotAnswer() {
        var blocking = new CompletableFuture<Void>();
        fuse.loop(0).execute(() -> {
            while (!blocking.isDone()) {
                // BlockHound would notice anything else.
            }
        });
        CompletableFuture<Void> abandoned = fuse.session().abandon().toCompletableFuture();

        assertThat(kernel.isHungUp()).isTrue();
        assertThat(fuse.kernel(1).isHungUp()).isTrue();
        assertThat(abandoned).isNotDone();
        blocking.complete(null);
        SessionFixture.await(abandoned);
        SessionFixture.await("all is given back", () -> fuse.memory().allocatedBytes() == 0);
    }

    @Test
    void aLoopThatIsShutDownEndsTheSessionWhichCanStillBeClosed() throws Exception {
        hold(1);
        fuse.group().shutdownGracefully(0, 0, TimeUnit.SECONDS).await(5, TimeUnit.SECONDS);

        assertThat(SessionFixture.await(fuse.session().ended())).isEqualTo(End.BROKEN);
        SessionFixture.await(fuse.backend()
                .drainedBegin()
                .timeout(Duration.ofMillis(10))
                .onErrorComplete()
                .toFuture());
        CompletableFuture<Void> idle = fuse.session().quiesce().toCompletableFuture();
        device.next().complete();
        kernel.receive().wrote(512);
        SessionFixture.await(idle);
        SessionFixture.await(fuse.session().close());
        assertThat(kernel.isHungUp()).isTrue();
        fuse.backend().drainedEnd();
    }

    @Test
    void aLoopWhoseThreadDiesEndsTheSessionWhichCanStillBeClosed() throws Exception {
        hold(1);
        fuse.killLoop(0);

        assertThat(SessionFixture.await(fuse.session().ended())).isEqualTo(End.BROKEN);
        CompletableFuture<Void> idle = fuse.session().quiesce().toCompletableFuture();
        device.next().complete();
        kernel.receive().wrote(512);
        SessionFixture.await(idle);
        SessionFixture.await(fuse.session().close());
        assertThat(kernel.isHungUp()).isTrue();
    }

    @Test
    void flushWritesOutWhatNobodyFlushed() {
        kernel.call(KernelRequest.write(0, new byte[512])).wrote(512);
        SessionFixture.await(fuse.session().quiesce());

        fuse.session().flush().block(ScriptedFuseDevice.PATIENCE);
        fuse.session().flush().block(ScriptedFuseDevice.PATIENCE);

        assertThat(device.calls()).containsExactly("write 0+512", "flush");
    }

    @Test
    void requestsInFlightSurviveTheEndOfTheirConnection() throws InterruptedException {
        hold(1);
        kernel.unmount();
        requireEnd(End.UNMOUNTED);
        assertThat(fuse.session().unanswered()).hasSize(1);

        device.next().fail(BlockErrorKind.IO);

        SessionFixture.await(fuse.session().quiesce());
        assertThat(fuse.session().unanswered()).isEmpty();
    }

    @Test
    void aSessionWithoutMemoryForItsFirstBuffersLeavesNothing() {
        SessionFixture.await(fuse.session().quiesce());
        SessionFixture.await(fuse.session().close());
        fuse.backend().close().block(ScriptedFuseDevice.PATIENCE);
        fuse.outOfMemory(true);

        assertThatThrownBy(() -> fuse.prepare(fuse.node())).hasMessageContaining("made up");
    }

    @Test
    void aSessionOnALoopThatIsGoneDoesNotStart() throws InterruptedException {
        fuse.group().shutdownGracefully(0, 0, TimeUnit.SECONDS).await(5, TimeUnit.SECONDS);
        SessionFixture.await(fuse.session().quiesce());
        SessionFixture.await(fuse.session().close());
        fuse.backend().close().block(ScriptedFuseDevice.PATIENCE);
        fuse.prepare(fuse.node());

        assertThat(fuse.session().start().toCompletableFuture()).isCompletedExceptionally();
    }
}
