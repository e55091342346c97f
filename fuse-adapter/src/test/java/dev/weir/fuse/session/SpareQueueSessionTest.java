package dev.weir.fuse.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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

    private void disperse(ScriptedFuseDevice kernel) {
        device.behave(ControlledDevice.Call::complete);
        for (ControlledDevice.Call call : calls) {
            call.complete();
            kernel.receive();
        }
        calls.clear();
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

        Thread.sleep(2 * SpareQueues.KEPT_NANOS / 1_000_000);
        kernel.call(KernelRequest.read(0, 512)).succeeds(512);
        fuse.onLoop(0, () -> null);
        fuse.onLoop(1, () -> null);

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
    void endsWithTheSessionThoughItNeverListened() {
        serve();
        SessionFixture.await(fuse.session().quiesce());
        SessionFixture.await(fuse.session().close());
        fuse.kernel(1).expectEnd();
    }
}
