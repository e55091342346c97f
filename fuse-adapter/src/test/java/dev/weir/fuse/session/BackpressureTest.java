package dev.weir.fuse.session;

import static dev.weir.fuse.session.ControlledDevice.pattern;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A queue reads no more than it has room for, and everything is served in the end. */
class BackpressureTest {
    private static final int LARGEST = 128 << 10;
    private static final long COST = BounceBuffer.cost(LARGEST);

    @RegisterExtension
    final SessionFixture fuse = new SessionFixture();

    private final ControlledDevice device = new ControlledDevice(1 << 20).hold();

    private static List<KernelRequest> send(ScriptedFuseDevice kernel, int count, int size) {
        List<KernelRequest> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            requests.add(KernelRequest.read(0, size));
        }
        requests.forEach(kernel::send);
        return requests;
    }

    /** The queue has read all that it will, as many requests as this. */
    private void awaitPause(int requests) {
        SessionFixture.await("the queue is full", () -> device.held() == requests);
        SessionFixture.await(
                "the queue paused", () -> fuse.session().statistics().pauses() > 0);
        fuse.onLoop(0, () -> null);
        assertThat(device.held()).isEqualTo(requests);
        assertThat(fuse.session().inFlight()).isEqualTo(requests);
    }

    @Test
    void readingStopsAtSoManyRequestsAndResumesWithEachThatEnds() {
        ScriptedFuseDevice kernel = fuse.budget(64 << 20, 4).serve(device);
        List<KernelRequest> requests = send(kernel, 10, 512);
        awaitPause(4);

        for (KernelRequest request : requests) {
            device.next().complete();
            kernel.receive().answers(request).succeeds(512);
            assertThat(fuse.session().inFlight()).isLessThanOrEqualTo(4);
        }
        assertThat(fuse.session().statistics().pauses()).isBetween(1L, 8L);
    }

    @Test
    void readingStopsAtSoManyBytes() {
        ScriptedFuseDevice kernel = fuse.budget(4 * COST, 1024).serve(device);
        send(kernel, 12, LARGEST);
        awaitPause(4);
        assertThat(fuse.session().inFlightBytes()).isEqualTo(4 * COST);
        assertThat(fuse.memory().allocatedBytes()).isEqualTo(5 * COST);

        for (int i = 0; i < 12; i++) {
            device.next().complete();
            kernel.receive().succeeds(LARGEST);
            assertThat(fuse.memory().allocatedBytes()).isLessThanOrEqualTo(5 * COST);
        }
    }

    /** Room for the largest request is reserved before one is read, but a small one does not keep it. */
    @Test
    void smallRequestsFillTheBudgetWithWhatTheyNeed() {
        ScriptedFuseDevice kernel = fuse.budget(4 * COST, 1024).serve(device);
        int fitting = (int) (3 * COST / BounceBuffer.cost(4096)) + 1;
        send(kernel, 2 * fitting, 512);
        awaitPause(fitting);

        device.letGo();
        device.next(fitting).forEach(ControlledDevice.Call::complete);
        kernel.receive(2 * fitting);
    }

    @Test
    void aRequestLargerThanTheBudgetPassesAlone() {
        ScriptedFuseDevice kernel = fuse.budget(1, 1024).serve(device);
        List<KernelRequest> requests = send(kernel, 5, LARGEST);
        requests.add(KernelRequest.write(0, pattern(LARGEST, 1)));
        kernel.send(requests.get(5));
        awaitPause(1);

        for (KernelRequest request : requests) {
            ControlledDevice.Call call = device.next();
            assertThat(device.held()).isZero();
            call.complete();
            kernel.receive().answers(request).succeeds();
        }
        assertThat(device.contents()).startsWith(pattern(LARGEST, 1));
    }

    @Test
    void whileItIsFullTheLoopRests() throws InterruptedException {
        ScriptedFuseDevice kernel = fuse.budget(64 << 20, 2).serve(device);
        send(kernel, 10, 512);
        awaitPause(2);

        assertThat(fuse.idleTime(0, Duration.ofMillis(200))).isLessThan(Duration.ofMillis(50));

        device.letGo();
        device.next(2).forEach(ControlledDevice.Call::complete);
        kernel.receive(10);
    }

    @Test
    void aFullQueueHoldsUpNoOther() {
        fuse.budget(64 << 20, 2).queues(2).serve(device);
        send(fuse.kernel(0), 10, 512);
        awaitPause(2);
        device.letGo();

        for (int i = 0; i < 100; i++) {
            fuse.kernel(1).call(KernelRequest.read(0, 512)).succeeds(512);
        }

        device.next(2).forEach(ControlledDevice.Call::complete);
        fuse.kernel(0).receive(10);
    }

    @Test
    void nothingStarvesWhileRequestsEndOnOtherThreads() {
        ExecutorService threads = SessionFixture.threads(3);
        try {
            device.behave(call -> threads.execute(call::complete));
            ScriptedFuseDevice kernel = fuse.budget(3 * COST, 3).serve(device);
            for (int round = 0; round < 100; round++) {
                send(kernel, 100, 64);
                kernel.receive(100);
            }
            assertThat(fuse.session().statistics().pauses()).isPositive();
            assertThat(fuse.memory().allocatedBytes()).isLessThanOrEqualTo(4 * COST);
        } finally {
            threads.shutdown();
        }
    }
}
