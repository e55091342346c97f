package dev.weir.fuse.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A second queue that listens only while there is more than the first one can do. */
class SpareQueueSessionTest {
    private static final Duration A_WHILE = Duration.ofMillis(100);

    @RegisterExtension
    final SessionFixture fuse = new SessionFixture();

    private final ControlledDevice device = new ControlledDevice(1 << 20);
    private final List<ControlledDevice.Call> calls = new ArrayList<>();

    private ScriptedFuseDevice serve() {
        return fuse.queues(2).spareQueues().serve(device);
    }

    /**
     * Requests that wait for storage, each of which wakes up the loop, until the second queue listens.
     *
     * @param size of each, in bytes
     * @param most how many wait at a time
     */
    private void crowd(ScriptedFuseDevice kernel, int size, int most) {
        device.hold();
        long end = System.nanoTime() + ScriptedFuseDevice.PATIENCE.toNanos();
        while (!fuse.session().spareQueues().areOpen()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(end);
            if (calls.size() == most) {
                calls.remove(0).complete();
                kernel.receive();
            }
            kernel.send(KernelRequest.read(0, size));
            calls.add(device.next());
            fuse.onLoop(0, () -> null);
        }
        fuse.onLoop(1, () -> null);
    }

    private void crowd(ScriptedFuseDevice kernel) {
        crowd(kernel, 512, 2 * SpareQueues.MANY);
    }

    private void hold(ScriptedFuseDevice kernel, int requests) {
        device.hold();
        for (int i = 0; i < requests; i++) {
            kernel.send(KernelRequest.read(0, 512));
            calls.add(device.next());
            fuse.onLoop(0, () -> null);
        }
    }

    private void disperse(ScriptedFuseDevice kernel) {
        device.behave(ControlledDevice.Call::complete);
        for (ControlledDevice.Call call : calls) {
            call.complete();
            kernel.receive();
        }
        calls.clear();
    }

    /** Until the spare queue waits again. */
    private void wait(ScriptedFuseDevice kernel) throws InterruptedException {
        Thread.sleep(2 * SpareQueues.KEPT_NANOS / 1_000_000);
        kernel.call(KernelRequest.read(0, 512)).succeeds(512);
        fuse.onLoop(0, () -> null);
        fuse.onLoop(1, () -> null);
    }

    @Test
    void helpsWhereManyRequestsWait() {
        ScriptedFuseDevice kernel = serve();
        KernelRequest read = KernelRequest.read(0, 512);
        fuse.kernel(1).send(read);
        fuse.kernel(1).expectSilence(A_WHILE);
        assertThat(device.calls()).isEmpty();

        crowd(kernel);

        device.next().complete();
        fuse.kernel(1).receive().answers(read).succeeds(512);
        disperse(kernel);
    }

    @Test
    void helpsWithLargeRequestsThatComeTogether() {
        ScriptedFuseDevice kernel = serve();
        crowd(kernel, SpareQueues.LARGE, SpareQueues.MANY - 1);
        KernelRequest read = KernelRequest.read(0, 512);
        fuse.kernel(1).send(read);
        device.next().complete();
        fuse.kernel(1).receive().answers(read).succeeds(512);
        disperse(kernel);
    }

    @Test
    void waitsAgainWhenTheCrowdIsGone() throws InterruptedException {
        ScriptedFuseDevice kernel = serve();
        crowd(kernel);
        disperse(kernel);
        fuse.kernel(1).call(KernelRequest.statfs()).succeeds();

        wait(kernel);

        KernelRequest statfs = KernelRequest.statfs();
        fuse.kernel(1).send(statfs);
        fuse.kernel(1).expectSilence(A_WHILE);
        crowd(kernel);
        fuse.kernel(1).receive().answers(statfs).succeeds();
        disperse(kernel);
    }

    @Test
    void usesNoTimeWhileItWaits() throws InterruptedException {
        ScriptedFuseDevice kernel = serve();
        KernelRequest statfs = KernelRequest.statfs();
        fuse.kernel(1).send(statfs);
        assertThat(fuse.idleTime(1, Duration.ofMillis(300))).isLessThan(Duration.ofMillis(60));
        crowd(kernel);
        fuse.kernel(1).receive().answers(statfs).succeeds();
        disperse(kernel);
    }

    @Test
    void waitsOnAfterADrain() {
        ScriptedFuseDevice kernel = serve();
        SessionFixture.await(fuse.backend().drainedBegin().toFuture());
        fuse.backend().drainedEnd();
        fuse.onLoop(1, () -> null);
        KernelRequest statfs = KernelRequest.statfs();
        fuse.kernel(1).send(statfs);
        fuse.kernel(1).expectSilence(A_WHILE);
        crowd(kernel);
        fuse.kernel(1).receive().answers(statfs).succeeds();
        disperse(kernel);
    }

    @Test
    void aDrainPausesItToo() {
        ScriptedFuseDevice kernel = serve();
        crowd(kernel);
        disperse(kernel);
        SessionFixture.await(fuse.backend().drainedBegin().toFuture());
        fuse.onLoop(1, () -> null);
        KernelRequest statfs = KernelRequest.statfs();
        fuse.kernel(1).send(statfs);
        fuse.kernel(1).expectSilence(A_WHILE);

        fuse.backend().drainedEnd();

        fuse.kernel(1).receive().answers(statfs).succeeds();
    }

    @Test
    void aFirstQueueThatWaitedForRoomGoesOnAlone() {
        int room = SpareQueues.MANY - 1;
        ScriptedFuseDevice kernel =
                fuse.budget(64 << 20, room).queues(2).spareQueues().serve(device);
        hold(kernel, room);
        SessionFixture.await("starved", () -> fuse.session().statistics().pauses() > 0);
        KernelRequest first = KernelRequest.statfs();
        KernelRequest second = KernelRequest.statfs();
        kernel.send(first);
        fuse.kernel(1).send(second);
        fuse.kernel(1).expectSilence(A_WHILE);

        device.letGo();
        calls.forEach(ControlledDevice.Call::complete);

        assertThat(kernel.receive(room + 1)).containsKey(first.unique());
        fuse.kernel(1).expectSilence(A_WHILE);
    }

    @Test
    void onceItHasRoomAgainItStillWaitsForACrowd() throws InterruptedException {
        int room = SpareQueues.ENOUGH + 1;
        ScriptedFuseDevice kernel =
                fuse.budget(64 << 20, room).queues(2).spareQueues().serve(device);
        ScriptedFuseDevice spare = fuse.kernel(1);
        crowd(kernel, SpareQueues.LARGE, room);
        for (int i = 0; i < room; i++) {
            spare.send(KernelRequest.read(0, 512));
        }
        List<ControlledDevice.Call> held = device.next(room);
        disperse(kernel);
        wait(kernel);
        KernelRequest statfs = KernelRequest.statfs();
        spare.send(statfs);

        held.forEach(ControlledDevice.Call::complete);

        assertThat(spare.receive(room)).doesNotContainKey(statfs.unique());
        spare.expectSilence(A_WHILE);
        crowd(kernel, SpareQueues.LARGE, room);
        spare.receive().answers(statfs).succeeds();
        disperse(kernel);
    }

    @Test
    void doesNotHideTheEndOfTheConnection() throws InterruptedException {
        ScriptedFuseDevice kernel = serve();
        kernel.unmount();
        requireEnd(FuseSession.End.UNMOUNTED);
    }

    @Test
    void doesNotHideAnAbort() throws InterruptedException {
        ScriptedFuseDevice kernel = serve();
        kernel.abort();
        requireEnd(FuseSession.End.ABORTED);
    }

    /** Both queues are given back then, and neither loop spins. */
    private void requireEnd(FuseSession.End end) throws InterruptedException {
        assertThat(SessionFixture.await(fuse.session().ended())).isEqualTo(end);
        assertThat(fuse.idleTime(0, A_WHILE)).isLessThan(A_WHILE.dividedBy(3));
        assertThat(fuse.idleTime(1, A_WHILE)).isLessThan(A_WHILE.dividedBy(3));
        SessionFixture.await(fuse.session().quiesce());
        SessionFixture.await(fuse.session().close());
        assertThat(fuse.memory().allocatedBytes()).isZero();
    }

    @Test
    void seesAnEndThatCameWhileItWaitedAsSoonAsItListens() throws InterruptedException {
        ScriptedFuseDevice kernel = serve();
        // Until its entry in epoll has fired: before that it hears of the end.
        Thread.sleep(A_WHILE.toMillis());
        fuse.kernel(1).unmount();
        kernel.call(KernelRequest.statfs()).succeeds();
        fuse.onLoop(1, () -> null);
        assertThat(fuse.session().ended().toCompletableFuture()).isNotDone();

        crowd(kernel);

        assertThat(SessionFixture.await(fuse.session().ended())).isEqualTo(FuseSession.End.UNMOUNTED);
        disperse(kernel);
    }

    @Test
    void theEndOfItsLoopEndsTheSessionAlthoughItWaits() throws InterruptedException {
        ScriptedFuseDevice kernel = serve();
        fuse.killLoop(1);
        assertThat(SessionFixture.await(fuse.session().ended())).isEqualTo(FuseSession.End.BROKEN);

        hold(kernel, SpareQueues.MANY + 2 * SpareQueues.ENOUGH);
        SessionFixture.await("open", () -> fuse.session().spareQueues().areOpen());
        disperse(kernel);
    }

    @Test
    void theSessionWaitsForWhatItServesAtTheEnd() {
        ScriptedFuseDevice kernel = serve();
        crowd(kernel);
        KernelRequest read = KernelRequest.read(0, 512);
        fuse.kernel(1).send(read);
        ControlledDevice.Call last = device.next();
        disperse(kernel);
        CompletableFuture<Void> quiet = fuse.session().quiesce().toCompletableFuture();
        fuse.onLoop(0, () -> null);
        fuse.onLoop(1, () -> null);
        assertThat(quiet).isNotDone();

        last.complete();

        SessionFixture.await(quiet);
        fuse.kernel(1).receive().answers(read).succeeds(512);
        SessionFixture.await(fuse.session().close());
        fuse.kernel(1).expectEnd();
    }

    @Test
    void endsWithTheSessionThoughItNeverListened() {
        serve();
        SessionFixture.await(fuse.session().quiesce());
        SessionFixture.await(fuse.session().close());
        fuse.kernel(1).expectEnd();
    }
}
